"""Putting received files under raw/: each way in, and each file that must stay out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.cli.sources import add_files
from cbrn_data.documents.pictures import MAX_PAGES
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.intake.add import add_file
from cbrn_data.intake.write import About, Added, sidecar_text, unwritable
from cbrn_data.regions import known_regions, region_findings
from cbrn_data.settings import Settings
from cbrn_data.sources.source import MAX_BYTES, read_sources
from tests.conftest import PROJECT
from tests.printed import Drawn
from tests.printed import pdf as printed_pdf

LEAFLETS = PROJECT / "tests" / "leaflets"
LEAFLET = (LEAFLETS / "central-asia-2025.txt").read_bytes()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "root" / "raw"


def add(tmp_path: Path, raw: Path, name: str, data: bytes, **about: Any) -> Added:
    (tmp_path / name).write_bytes(data)
    return add_file(tmp_path / name, Settings(raw.parent, raw.parent / "published"), About(today="2026-11-22", **about))


def pdf(lines: list[str]) -> bytes:
    """Write the smallest PDF with these lines, each in a text box of its own."""
    shows = [f"BT /F 10 Tf 50 {800 - 30 * place} Td ({line}) Tj ET" for place, line in enumerate(lines)]
    content = "\n".join(shows).encode("latin-1")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


PAGE = """Middle East Regional Secretariat|Amman, Jordan|OVERALL GOAL: Mitigate CBRN risks|ESTABLISHED: 25 June 2013
Funded by the European Union and implemented in partnership with UNICRI|Partner Countries|Iraq|Jordan|Projects
Since 2013, the region implemented and participated in 15 projects, of which 1 is on-going in 2026:|Project 97|Training
Regional Priorities|Waste Management|Methodology|2 partner countries have appointed their Focal Point|Recent Achievements
In February 2026, Project 97 trained twelve experts in Amman.""".replace("\n", "|").split("|")


def test_a_leaflet_is_named_by_its_region_and_year(tmp_path: Path, raw: Path) -> None:
    assert add(tmp_path, raw, "received.txt", LEAFLET).names == ["central-asia-2025.txt"]
    assert (raw / "central-asia-2025.txt").read_bytes() == LEAFLET
    (source,), findings = read_sources(raw)
    assert findings == []
    assert (source.source_id, source.metadata["region"], source.edition) == ("central-asia-2025", "central-asia", "2025")
    assert add(tmp_path, raw, "again.txt", LEAFLET).names == []
    assert add(tmp_path, raw, "received.txt", LEAFLET, edition="2026").names == ["central-asia-2026.txt"]


def test_a_disk_that_refuses_is_said_and_leaves_nothing(tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cbrn_data.intake.write.os.fchmod", refuse)
        with pytest.raises(CbrnDataError, match="cannot be written: the disk is full; free some space") as caught:
            add(tmp_path, raw, "a.txt", LEAFLET)
    assert caught.value.exit_code == 2
    assert list(raw.iterdir()) == []
    raw.rmdir()
    raw.write_text("no folder")
    with pytest.raises(CbrnDataError, match="cannot be written: already exists; move it away"):
        add(tmp_path, raw, "a.txt", LEAFLET)


@pytest.mark.parametrize("name", ["", ".add-1", ".add-1/made", "a.txt"])
def test_a_folder_that_may_not_be_written_is_named_with_the_way_out(raw: Path, name: str) -> None:
    said = str(unwritable(PermissionError(13, "Permission denied", str(raw / name)), raw))
    place = raw / "a.txt" if name == "a.txt" else raw
    assert said == f"{place}: cannot be written: permission denied; allow this user, or choose another file or folder"


@pytest.mark.parametrize("lost", ["central-asia-2025.txt", "central-asia-2025.txt.yaml"])
def test_an_adding_that_was_cut_short_is_completed_by_the_next(tmp_path: Path, raw: Path, lost: str) -> None:
    add(tmp_path, raw, "a.txt", LEAFLET)
    (raw / lost).unlink()
    assert add(tmp_path, raw, "a.txt", LEAFLET).names == ["central-asia-2025.txt"]
    assert [source.source_id for source in read_sources(raw)[0]] == ["central-asia-2025"]


def test_other_bytes_never_take_a_name(tmp_path: Path, raw: Path) -> None:
    add(tmp_path, raw, "a.txt", LEAFLET)
    with pytest.raises(SourceError, match="other bytes"):
        add(tmp_path, raw, "b.txt", LEAFLET + b"\n")
    assert (raw / "central-asia-2025.txt").read_bytes() == LEAFLET


def test_the_numbers_of_pages_are_no_items(tmp_path: Path, raw: Path) -> None:
    paged = "\n\n".join(PAGE).replace("Methodology", "1\n\n\fMethodology")
    paged = paged.replace("Projects\n", "Page 2 of 3\n\n\fProjects\n")
    added = add(tmp_path, raw, "a.txt", f"{paged}\n\n- 3 -\n".encode())
    assert [finding.code for finding in added.findings] == ["region-unlisted"]
    with pytest.raises(SourceError) as caught:
        add(tmp_path, raw, "b.txt", "\n\n".join(PAGE).replace("Methodology", "1\n\nMethodology").encode(), edition="2027")
    assert [finding.code for finding in caught.value.findings] == ["line-unread"]


def test_a_pdf_is_kept_with_its_text_and_where_each_line_stands(tmp_path: Path, raw: Path) -> None:
    data = pdf(PAGE)
    names = ["middle-east-2026.lines.json", "middle-east-2026.pages.png", "middle-east-2026.pdf", "middle-east-2026.txt"]
    assert sorted(add(tmp_path, raw, "a.pdf", data).names) == names
    assert (raw / "middle-east-2026.pdf").read_bytes() == data
    sources, findings = read_sources(raw)
    assert findings == []
    by_id = {source.source_id: source for source in sources}
    assert sorted(by_id) == ["middle-east-2026", "middle-east-2026-lines", "middle-east-2026-pages", "middle-east-2026-pdf"]
    text, lines = by_id["middle-east-2026"], json.loads(by_id["middle-east-2026-lines"].data)
    assert text.metadata["text_of"] == "middle-east-2026-pdf"
    assert text.metadata["read_with"].startswith("pdfminer.six ") and text.metadata["read_with"] == lines["read_with"]
    place = text.document.text.splitlines().index("Amman, Jordan") + 1
    (found,) = [entry for entry in lines["lines"] if entry["line"] == place]
    assert found["page"] == 1 and found["rectangle"][:2] == [50.0, 64.5]
    assert add(tmp_path, raw, "a.pdf", data).names == []


def test_a_pdf_whose_pages_are_not_drawn_is_added_without_a_picture(tmp_path: Path, raw: Path) -> None:
    text = Drawn().lines(50, 60, *PAGE, leading=24)
    added = add(tmp_path, raw, "a.pdf", printed_pdf(text, *[Drawn()] * MAX_PAGES))
    assert [finding.code for finding in added.findings] == ["document-undrawn", "region-unlisted"]
    assert sorted(added.names) == ["middle-east-2026.lines.json", "middle-east-2026.pdf", "middle-east-2026.txt"]


def test_a_page_of_the_web_is_kept_as_a_text_that_no_browser_runs(tmp_path: Path, raw: Path) -> None:
    page = "<!doctype html><body>" + "".join(f"<p>{line}</p>" for line in PAGE) + "<script>x()</script>"
    assert "middle-east-2026.html.txt" in add(tmp_path, raw, "a.html", page.encode()).names
    assert [source.media_type for source in read_sources(raw)[0] if source.kind == "document"] == [
        "text/plain",
        "application/json",
    ]


def test_a_refused_document_leaves_its_text_beside_it_and_lines_are_of_that(tmp_path: Path, raw: Path) -> None:
    with pytest.raises(SourceError) as caught:
        add(tmp_path, raw, "a.pdf", pdf([line for line in PAGE if line != "Methodology"]))
    kept = tmp_path / "a.pdf.read.txt"
    assert {finding.source for finding in caught.value.findings} == {str(kept)}
    assert "Amman, Jordan\n" in kept.read_text()
    assert not raw.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\nnothing", "cannot be read as PDF"),
        (b"plain words", "by its bytes"),
        (pdf(PAGE)[:900], "PDF"),
        (pdf([]), "has no text"),
    ],
)
def test_a_pdf_without_text_stays_out(tmp_path: Path, raw: Path, data: bytes, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        add(tmp_path, raw, "a.pdf", data)
    assert caught.value.findings
    codes = {"document-damaged", "document-mislabelled", "document-without-text"}
    assert {finding.code for finding in caught.value.findings} <= codes
    assert words in caught.value.findings[0].message
    assert not raw.exists()


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("a.txt", {"edition": "../../x"}),
        ("a.txt", {"edition": "20x6"}),
        ("a.txt", {"url": "javascript:alert(1)"}),
        ("a.txt", {"title": "a\nsha256: b"}),
    ],
)
def test_nothing_is_written_that_could_not_be_read_back(tmp_path: Path, raw: Path, name: str, about: dict[str, str]) -> None:
    with pytest.raises(SourceError) as caught:
        add(tmp_path, raw, name, LEAFLET, **about)
    assert {finding.code for finding in caught.value.findings} <= {"sidecar-invalid", "source-name"}
    assert not raw.exists()


@pytest.mark.parametrize("name", [b"../../../etc/x", b"a" * 5000, b"Central Asia 2", b"Asia: Central"])
def test_hostile_names_of_regions_are_no_names(tmp_path: Path, raw: Path, name: bytes) -> None:
    with pytest.raises(SourceError):
        add(tmp_path, raw, "a.txt", LEAFLET.replace(b"Central Asia Regional", name + b" Regional"))
    assert not raw.exists()


REGIONS = """region_id,name,other_names,url,certainty
central-asia,Central Asia,CA,https://data.example/ca,high
south-east-asia,South East Asia,SEA; Far East,https://data.example/sea,high
"""


def with_list(raw: Path, text: str = REGIONS) -> Settings:
    raw.mkdir(parents=True)
    (raw / "regions.csv").write_text(text)
    about = {"id": "regions", "kind": "regions", "title": "Regions", "publisher": "us", "retrieved_on": "2026-11-22"}
    (raw / "regions.csv.yaml").write_bytes(sidecar_text(about, text.encode()))
    return Settings(raw.parent, raw.parent / "published")


@pytest.mark.parametrize(
    ("printed", "region", "recorded"),
    [
        ("Central Asia", "central-asia", None),
        ("CENTRAL ASIA", "central-asia", None),
        ("Southeast Asia", "south-east-asia", "Southeast Asia"),
        ("South-East Asia", "south-east-asia", None),
        ("Far East", "south-east-asia", "Far East"),
        ("Central Asia (CA)", "central-asia", None),
    ],
)
def test_a_region_is_found_by_any_of_its_names(
    tmp_path: Path, raw: Path, printed: str, region: str, recorded: str | None
) -> None:
    where = with_list(raw)
    (tmp_path / "a.txt").write_bytes(LEAFLET.replace(b"Central Asia Reg", f"{printed} Reg".encode()))
    added = add_file(tmp_path / "a.txt", where, About(today="2026-11-22"), known_regions(where))
    assert (added.names, added.findings) == ([f"{region}-2025.txt"], [])
    sources, findings = read_sources(raw)
    assert findings == region_findings(sources, where) == []
    about = next(source.metadata for source in sources if source.kind == "leaflet")
    assert (about["region"], about.get("region_printed"), about.get("region_is")) == (region, recorded, None)


def test_a_new_region_is_asked_for_and_then_known(tmp_path: Path, raw: Path) -> None:
    where = with_list(raw)
    (tmp_path / "a.txt").write_bytes(LEAFLET.replace(b"Central Asia Reg", b"Middle Asia Reg"))
    with pytest.raises(SourceError) as caught:
        add_file(tmp_path / "a.txt", where, About(today="2026-11-22"), known_regions(where))
    (finding,) = caught.value.findings
    assert (finding.code, finding.line) == ("region-unknown", 5) and "nearest: Central Asia" in finding.message
    added = add_file(tmp_path / "a.txt", where, About(today="2026-11-22", new_region=True), known_regions(where))
    assert added.names == ["middle-asia-2025.txt"]
    sources, _ = read_sources(raw)
    assert region_findings(sources, where) == []
    sidecar = raw / "middle-asia-2025.txt.yaml"
    sidecar.write_text(sidecar.read_text().replace("region_is: new\n", ""))
    sources, _ = read_sources(raw)
    (finding,) = region_findings(sources, where)
    assert (finding.code, finding.line) == (
        "region-unknown",
        1 + sidecar.read_text().splitlines().index("region: middle-asia"),
    )
    assert "'middle-asia' is not a known region; known are central-asia" in finding.message


def test_what_is_wrong_with_the_list_is_told(raw: Path) -> None:
    wrong = "middle east,Middle East,,nowhere,low\n,,,,\nwest-asia,West Asia,Central Asia,https://data.example/?hl=fi,high\n"
    where = with_list(raw, REGIONS + wrong)
    codes = [(finding.code, finding.line) for finding in region_findings(read_sources(raw)[0], where)]
    assert codes == [
        ("cell-pattern", 4),
        ("curated-unsourced", 4),
        ("curated-certainty", 4),
        ("cell-missing", 5),
        ("curated-address", 6),
        ("curated-conflict", 6),
    ]


def test_other_kinds_of_file_are_wrong_use(tmp_path: Path, raw: Path) -> None:
    with pytest.raises(CbrnDataError, match=r"only leaflets \(\.txt"):
        add(tmp_path, raw, "a.odt", b"PK")
    with pytest.raises(SourceError) as caught:
        add(tmp_path, raw, "a.txt", b"a\n" * MAX_BYTES["leaflet"])
    assert [finding.code for finding in caught.value.findings] == ["source-too-large"]


def test_a_batch_says_what_became_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"good.txt": LEAFLET, "bad.txt": b"\x00", "late.txt": (LEAFLETS / "middle-east-2026.txt").read_bytes()}
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "raw").mkdir()
    with pytest.raises(SystemExit) as caught:
        add_files([tmp_path / name for name in names], tmp_path)
    said = capsys.readouterr()
    assert caught.value.code == 1
    assert "raw/central-asia-2025.txt" in said.out and "raw/middle-east-2026.txt" in said.out
    assert "bad.txtwasnotadded" in "".join(said.err.split())  # a long path may be wrapped anywhere
    assert sorted(path.name for path in (tmp_path / "raw").glob("*.txt")) == [
        "central-asia-2025.txt",
        "middle-east-2026.txt",
    ]


REGION_PAGE = """Middle East

The Regional Secretariat for the Middle East region is located in Jordan and is hosted by the Invented Institute in Amman.

Partner Countries
- Iraq
- Jordan
"""


@pytest.mark.parametrize("form", ["txt", "html"])
def test_a_regions_page_counts_from_the_day_it_was_read(tmp_path: Path, raw: Path, form: str) -> None:
    lines = "".join(f"<p>{line}</p>" for line in REGION_PAGE.splitlines() if line)
    data = REGION_PAGE if form == "txt" else f"<!DOCTYPE html><html><body><nav>Home</nav><main>{lines}</main></body></html>"
    data = data.replace("<p>- ", "<p>")
    added = add(tmp_path, raw, f"a.{form}", data.encode(), read_on="2026-11-20")
    assert added.names[0] == "middle-east-page-2026-11-20.txt"
    sources, findings = read_sources(raw)
    assert not findings
    page = next(source for source in sources if source.kind == "page")
    assert (page.metadata["retrieved_on"], page.edition, page.as_of) == ("2026-11-20", "2026", "2026-11-20")


@pytest.mark.parametrize(
    ("data", "about", "words"),
    [
        (REGION_PAGE.encode(), {}, "give the day of reading with --read-on"),
        (REGION_PAGE.encode(), {"edition": "2026"}, "has no edition"),
        (REGION_PAGE.encode(), {"read_on": "20 November"}, "is not a valid day"),
        (REGION_PAGE.encode(), {"read_on": "2026-11-23"}, "is in the future"),
        (LEAFLET, {"read_on": "2026-11-20"}, "is a leaflet"),
    ],
)
def test_a_day_of_reading_is_needed_by_pages_alone(
    tmp_path: Path, raw: Path, data: bytes, about: dict[str, str], words: str
) -> None:
    with pytest.raises(CbrnDataError, match=words):
        add(tmp_path, raw, "a.txt", data, **about)
    assert not raw.exists()
