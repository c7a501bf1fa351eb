"""Tables of records: read by block, published with the line of every row, compared and verified without being held."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from cbrn_data import pipeline
from cbrn_data.errors import GateError, SchemaError, SourceError
from cbrn_data.findings import Finding
from cbrn_data.release.guard import BOUNDS, read_guard
from cbrn_data.release.trace import trace
from cbrn_data.schema import table as schema_table
from cbrn_data.settings import Settings
from cbrn_data.store.folder import Release
from cbrn_data.tabular import blocks
from cbrn_data.verify.rebuild import rebuild_release
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import FAILED, NOT_CHECKED
from tests import records
from tests.conftest import copy_sources, pages_left_out

pytestmark = pytest.mark.usefixtures("without_pages")


@pytest.fixture
def root(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that defines the table, read in blocks of a few rows, and of evidence of some more."""

    def read_blocks(file: BinaryIO, names: list[str], begun: bytes, line: int) -> Iterator[blocks.Block]:
        found = blocks.read_blocks(file, names, begun, line)
        while True:
            with monkeypatch.context() as patch:
                patch.setattr(blocks, "SIZE", 4000 if "quote" in names else 400)
                block = next(found, None)
            if block is None:
                return
            yield block

    monkeypatch.setattr(blocks, "SIZE", 400)
    monkeypatch.setattr(schema_table, "read_blocks", read_blocks)
    records.define(project, records.UNIQUE.replace("{unique: true}", "{required: true, unique: true}"))
    return project


def build(root: Path) -> pipeline.Built:
    return pipeline.build(pipeline.gather(Settings(root, root / "published")))


def publish(root: Path, date: str = "2026-11-24") -> Release:
    """Publish, whatever is lost."""
    built = build(root)
    guard = read_guard(built.settings, built.content.package.tables, list(BOUNDS), "a test")
    return pipeline.publish(built, pipeline.open_store(built.settings), date, guard=guard).release


def refused(root: Path) -> list[Finding]:
    with pytest.raises((GateError, SourceError, SchemaError)) as error:
        build(root)
    return [finding for finding in error.value.findings if finding.code != "pages-disagree"]


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.place, finding.message) for finding in findings]


def faults(release: Release, previous: Path | None = None) -> list[str]:
    results = list(ReleaseAudit(release.folder, [], previous).run())
    return [f"{result.check}: {result.detail}" for result in results if result.result == FAILED]


def rows_of(release: Release, name: str) -> list[dict[str, str]]:
    return read_rows(release.folder / name)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_published_with_its_line_and_leads_back_to_it(root: Path) -> None:
    records.put(root, [records.row(1, title="two\nlines"), *(records.row(number) for number in range(2, 40))])
    release = publish(root)
    published = rows_of(release, "trainings.csv")
    assert [row["training_id"] for row in published] == [f"t-{number:04d}" for number in range(1, 40)]
    assert [row["source_line"] for row in published] == ["2", *(str(number + 2) for number in range(2, 40))]
    as_json = json.loads((release.folder / "trainings.json").read_bytes())
    assert as_json[1] == {
        **published[1],
        "people_count": int(published[1]["people_count"]),
        "source_line": int(published[1]["source_line"]),
    }
    evidence = [row for row in rows_of(release, "evidence.csv") if row["table_name"] == "trainings"]
    assert [(row["row_id"], row["field"], row["quote"], row["method"]) for row in evidence] == [
        ("*", "*", records.HEADER, "curated")
    ]
    assert release.info["counts"]["trainings"] == 39
    report = json.loads((release.folder / "report.json").read_bytes())
    assert report["tables"]["trainings"] == {"rows": 39}
    assert faults(release) == []
    assert [result.result for result in rebuild_release(release.folder, None)] == ["passed"]
    (traced,) = trace(release, "trainings", "t-0005", "title")
    assert (traced.value, traced.passages[0].lines) == ('Class "5", part', (7, 7))


BAD = {
    "cell-missing": (records.row(3, title=""), "title must not be null"),
    "cell-type": (records.row(3, people="07"), "people_count '07' is not of type integer; an example: 12"),
    "cell-unique": (records.row(3, title='Class "2", part'), "title 'Class \"2\", part' is not unique"),
    "cell-range": (records.row(3, people="0"), "people_count '0' must be at least 1"),
    "reference-missing": (records.row(3, project="P999"), "project_id 'P999' is not in projects"),
    "text-active": (records.row(3, title="=1+1"), "title looks like a formula: '=1+1'"),
    "source-invisible-character": (
        records.row(3, title="a\u202eb"),
        "title has an invisible character: 'a\\u202eb'; it has U+202E (RIGHT-TO-LEFT OVERRIDE)",
    ),
    "source-control-character": (records.row(3, title="a\x1bb"), "title has a control character: 'a\\x1bb'"),
    "row-in-order": (
        records.row(3, start="2024-06-01"),
        "date_start 2024-06-01 is after date_end 2024-05-22",
    ),
    "key-form": (records.row(3, id="t-0003 "), "the key 't-0003 ' must have only small letters, digits and hyphens"),
    "key-repeated": (records.row(2), "the key (training_id) is not unique"),
    "csv-row-width": ("t-0003,x", "the row has 2 cells, the header has 6"),
    "source-encoding": ("t-0003,x\udcff,P101,1,,", "byte 2 of title (0xff) is not UTF-8"),
    "csv-quote": ('t-0003,"open', "a closing quotation mark is not followed by a separator"),
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_row_blocks_with_its_line(code: str, root: Path) -> None:
    bad, message = BAD[code]
    records.put(root, [records.row(1), records.row(2), bad, *(records.row(number) for number in range(4, 30))])
    assert told(refused(root))[0] == (code, "raw/trainings.csv:4", message)


@pytest.mark.parametrize("code", BAD)
def test_a_bad_row_is_set_aside_where_the_sidecar_says_so(code: str, root: Path) -> None:
    bad, message = BAD[code]
    rows = [records.row(1), records.row(2), bad, *(records.row(number) for number in range(4, 30))]
    records.put(root, rows, on_error="quarantine")
    made = build(root)
    tables = made.content.tables
    lines = [row["source_line"] for row in tables["trainings"].rows]
    assert lines == [str(line) for line in range(2, 31) if line != 4]
    aside = tables["quarantine"].rows
    assert [(row["line"], row["code"], row["reason"]) for row in aside] == [("4", code, message)]
    assert "t-0003" in str(aside[0]["row"]) or code == "key-repeated"


def test_rows_that_were_set_aside_are_published_too(root: Path) -> None:
    bad = [BAD[code][0].replace("t-0003", f"t-000{place}") for place, code in enumerate(("cell-type", "csv-quote"), 3)]
    records.put(root, [records.row(1), records.row(2), *bad, records.row(9)], on_error="quarantine")
    release = publish(root)
    assert [row["source_line"] for row in rows_of(release, "trainings.csv")] == ["2", "3", "6"]
    aside = rows_of(release, "quarantine.csv")
    assert [(row["line"], row["code"]) for row in aside] == [("4", "cell-type"), ("5", "csv-quote")]
    assert faults(release) == []


FORMS = {
    "line feeds": (b"", "\n"),
    "a byte order mark": (b"\xef\xbb\xbf", "\n"),
    "carriage returns and line feeds": (b"", "\r\n"),
    "carriage returns": (b"", "\r"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_ended", [True, False])
@pytest.mark.parametrize("number", [0, 20])
def test_a_source_of_any_form_gives_the_same_rows_and_quotes_its_header(
    number: int, is_ended: bool, form: str, root: Path
) -> None:
    mark, ending = FORMS[form]
    lines = [records.HEADER, *(records.row(place) for place in range(1, number + 1))]
    path = records.put(root, [])
    data = mark + (ending.join(lines) + ending * is_ended).encode()
    sidecar = path.with_name("trainings.csv.yaml")
    about = re.sub("sha256: .*", f"sha256: {hashlib.sha256(data).hexdigest()}", sidecar.read_text(encoding="utf-8"))
    sidecar.write_text(re.sub("bytes: .*", f"bytes: {len(data)}", about), encoding="utf-8")
    path.write_bytes(data)
    made = build(root)
    tables = made.content.tables
    assert [row["source_line"] for row in tables["trainings"].rows] == [str(place + 2) for place in range(number)]
    (evidence,) = [row for row in tables["evidence"].rows if row["table_name"] == "trainings"]
    assert evidence["quote"] == records.HEADER
    if form == "carriage returns" and not is_ended:
        store = pipeline.open_store(Settings(root, root / "published"))
        assert faults(pipeline.publish(made, store, "2026-11-24").release) == []


WHOLE = {
    "curated-header": (records.HEADER.replace("title", "titel"), [records.row(1)]),
    "records-unordered": (records.HEADER, [records.row(2), records.row(1)]),
    "findings-unlisted": (records.HEADER, [records.row(number, people="x") for number in range(1, 1200)]),
}


@pytest.mark.parametrize("code", WHOLE)
def test_what_is_wrong_with_the_file_as_a_whole_always_blocks(code: str, root: Path) -> None:
    header, rows = WHOLE[code]
    records.put(root, rows, header=header, on_error="quarantine")
    assert code in {finding.code for finding in refused(root)}


def test_a_million_faults_are_counted_and_a_thousand_listed(root: Path) -> None:
    records.put(root, [records.row(number, people="x") for number in range(1, 1500)])
    findings = refused(root)
    assert len([finding for finding in findings if finding.code == "cell-type"]) == 1000
    (more,) = [finding for finding in findings if finding.code == "findings-unlisted"]
    assert more.message == "499 more findings are not listed; total: 1,499 cell-type"


def test_records_need_a_table_of_their_own(root: Path) -> None:
    first = records.put(root, [records.row(1)])
    records.put(root, [records.row(1)], name="more")
    assert [finding.code for finding in refused(root)] == ["curated-table"]
    (root / "raw" / "more.csv").unlink()
    (root / "raw" / "more.csv.yaml").unlink()
    sidecar = first.with_name("trainings.csv.yaml")
    sidecar.write_text(sidecar.read_text().replace("kind: bulk", "kind: curated"))
    assert [finding.code for finding in refused(root)] == ["curated-table"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("primaryKey: [training_id]", "primaryKey: [training_id, title]", "must have one field of text as its key"),
        ("  - name: source_line\n    type: integer", "  - name: source_line\n    type: string", "a required integer"),
        ("role: data", "role: provenance", "must have the role data"),
    ],
)
def test_a_definition_that_is_unfit_for_lines_is_refused(root: Path, old: str, new: str, said: str) -> None:
    path = root / "schemas" / "trainings.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), "utf-8")
    records.put(root, [records.row(1)])
    assert said in " ".join(finding.message for finding in refused(root))


def test_a_second_release_says_which_rows_came_went_and_changed(root: Path) -> None:
    records.put(root, [records.row(number) for number in range(1, 60)])
    first = publish(root)
    rows = {number: records.row(number) for number in range(1, 62) if number != 17}
    rows[30] = records.row(30, title="Another title", people="")
    records.put(root, list(rows.values()))
    with pytest.raises(GateError) as error:
        pipeline.publish(build(root), pipeline.open_store(Settings(root, root / "published")), "2026-11-24")
    assert [finding.code for finding in error.value.findings if finding.is_error] == ["guard-keys-removed"]
    second = publish(root)
    assert second.version == "2.0.0"
    changes = [row for row in rows_of(second, "changes.csv") if row["table_name"] == "trainings"]
    assert [(row["row_id"], row["field"], row["change"]) for row in changes] == [
        ("t-0017", "*", "removed"),
        ("t-0030", "title", "changed"),
        ("t-0030", "people_count", "changed"),
        ("t-0060", "*", "added"),
        ("t-0061", "*", "added"),
    ]
    assert [(row["old"], row["new"]) for row in changes[1:3]] == [
        ('Class "30", part', "Another title"),
        ("4", ""),
    ]
    added = json.loads(changes[-1]["new"])
    assert (added["training_id"], added["title"]) == ("t-0061", 'Class "61", part') and "source_line" not in added
    assert "2 trainings added; 1 training changed; 1 training removed" in str(second.info["summary"])
    assert faults(second, first.folder) == []
    assert [result.result for result in rebuild_release(second.folder, first.folder)] == ["passed"]
    store = pipeline.open_store(Settings(root, root / "published"))
    assert pipeline.up_to_date(pipeline.gather(Settings(root, root / "published")), store)


def test_a_source_that_is_gone_takes_its_rows_along_and_says_so(root: Path) -> None:
    path = records.put(root, [records.row(number) for number in range(1, 9)])
    first = publish(root)
    path.unlink()
    path.with_name("trainings.csv.yaml").unlink()
    second = publish(root)
    changes = [row for row in rows_of(second, "changes.csv") if row["table_name"] == "trainings"]
    assert {row["change"] for row in changes} == {"removed"} and len(changes) == 8
    assert rows_of(second, "trainings.csv") == [] and faults(second, first.folder) == []


def _again(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


TAMPERED: dict[str, tuple[str, str | re.Pattern[str], str]] = {
    "a value of a row": ("trainings.csv", 'part",5,2024', 'part",6,2024'),
    "the line of a row": ("trainings.csv", "2024-05-22,9\n", "2024-05-22,8\n"),
    "a value in JSON": ("trainings.json", '"people_count": 5', '"people_count": 6'),
    "a value in the source": ("sources/trainings.csv", "P101,5,", "P101,6,"),
    "a row that is gone": ("trainings.csv", re.compile("t-0020.*\n"), ""),
    "the header that is quoted": ("evidence.csv", "training_id,title", "training_id,titel"),
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release with 39 rows; to be copied, never changed."""
    root = copy_sources(tmp_path_factory.mktemp("released") / "project")
    records.define(root)
    records.put(root, [records.row(number) for number in range(1, 40)])
    with pages_left_out():
        return publish(root).folder


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("case", TAMPERED)
def test_a_row_that_its_source_does_not_give_is_found_whatever_the_digests_say(
    case: str, released: Path, tmp_path: Path
) -> None:
    name, old, new = TAMPERED[case]
    folder = Path(shutil.copytree(released, tmp_path / "1.0.0"))
    path = folder / name
    text = path.read_text(encoding="utf-8")
    changed = old.sub(new, text, count=1) if isinstance(old, re.Pattern) else _again(text, old, new)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    audit = ReleaseAudit(folder, [], None)
    found = [f"{result.check}: {result.detail}" for result in audit.run() if result.result not in ("passed", NOT_CHECKED)]
    assert any(line.startswith("files: ") for line in found)
    beneath = [*audit._definitions(), *audit._rows(of_evidence=False), *audit._rows(of_evidence=True)]
    assert any("trainings" in line or "evidence" in line for line in beneath), beneath
