"""Folded typography, and a region by another name, from the source to a release that passes its gate."""

from __future__ import annotations

from pathlib import Path

from cbrn_data import pipeline
from cbrn_data.intake.write import sidecar_text
from cbrn_data.normalise.text import unescape_formula
from cbrn_data.settings import Settings
from cbrn_data.sources.source import read_source
from tests.records import rows_of

FOLDED = {
    "communication officers": "communi-\ncation oﬃcers",
    "CBRN Forensics": "CBRN Foren\u00adsics",
    "1,000 specialists": "1,000 spe\u00ad\ncialists",
    "\nKazakhstan\n": "\nKazakh\u00adstan\n",
    "Central Asia Regional": "Zentralasien Regional",
}


def with_leaflet(project: Path) -> None:
    """Change the leaflet's typography and the name of its region, and its sidecar with them."""
    source, _ = read_source(project / "raw", "central-asia-2025.txt")
    assert source is not None
    text = source.data.decode()
    for old, new in FOLDED.items():
        text = text.replace(old, new, 1)
    about = {key: value for key, value in source.metadata.items() if key not in ("sha256", "bytes", "on_error")}
    about["region_printed"] = "Zentralasien"
    (project / "raw" / source.name).write_bytes(text.encode())
    (project / "raw" / f"{source.name}.yaml").write_bytes(sidecar_text(about, text.encode()))


def test_folded_words_keep_their_spans_through_a_release(project: Path, tmp_path: Path) -> None:
    where = Settings(project, tmp_path / "published")
    built = pipeline.build(pipeline.gather(where))
    with_leaflet(project)
    folded = pipeline.build(pipeline.gather(where))
    assert [finding.code for finding in folded.findings] == [finding.code for finding in built.findings]
    told = ("regions", "evidence", "sources")
    before, after = rows_of(built.content.tables), rows_of(folded.content.tables)
    same = [name for name in before if name not in told]
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    (region,) = after["regions"]
    assert (region["region_id"], region["name"]) == ("central-asia", "Zentralasien")
    quotes = {unescape_formula(row["quote"] or ""): row for row in after["evidence"] if row["method"] != "derived"}
    for words in ("CBRN Foren\u00adsics", "Kazakh\u00adstan", "communi-\ncation oﬃcers"):
        assert quotes[words]["method"] == "normalised"
    assert {row["method"] for row in after["evidence"] if row["quote"] == "Zentralasien"} == {
        "derived",
        "verbatim",
    }
    assert pipeline.publish(folded, pipeline.open_store(where), "2026-11-22").is_new
