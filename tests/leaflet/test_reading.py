"""The reading file: each action does what it says, with evidence, and an entry that says nothing any more is told."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cbrn_data.findings import Finding
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.reading import entry_for, read_reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.sources.document import Document
from tests.cli.conftest import edit, run
from tests.conftest import PROJECT

LEAFLET = (PROJECT / "tests/leaflets/central-asia-2026.txt").read_text(encoding="utf-8")


def line_of(text: str, words: str) -> int:
    (found,) = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(words)]
    return found


def said(do: str, lines: object, words: str, value: str = "") -> str:
    named = f"  is: {value}\n" if value else ""
    return f'- do: {do}\n  lines: {lines}\n  words: "{words}"\n{named}  reason: "because"\n'


def read(text: str, *entries: str) -> tuple[Leaflet, list[Finding]]:
    document = Document("leaflet.txt", text)
    return read_leaflet(document, read_reading(Document("leaflet.reading.yaml", "".join(entries)), document))


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_heading_in_other_words_heads_its_section() -> None:
    text = LEAFLET.replace("\nRecent Achievements\n", "\nWhat we did lately\n")
    _, found = read(text)
    (unsure,) = [finding for finding in found if finding.code == "heading-unsure"]
    assert unsure.entry
    leaflet, found = read(text, unsure.entry.replace('reason: ""', 'reason: "It is."'))
    assert codes(found) == codes(read(LEAFLET)[1])
    assert [item.value("text") for item in leaflet.achievements] == [
        item.value("text") for item in read(LEAFLET)[0].achievements
    ]


def test_lines_are_passed_over() -> None:
    text = LEAFLET.replace("\nPartner Countries\n", "\nPartner Countries\n\nKazakhstan is drawn on this map\n", 1)
    line = line_of(text, "Kazakhstan is drawn")
    assert codes(read(text)[1]) != codes(read(LEAFLET)[1])
    leaflet, found = read(text, said("ignore", line, "is drawn on"))
    assert codes(found) == codes(read(LEAFLET)[1])
    assert [one for one in leaflet.ignored if one[2] == "reading-file"] == [(line, line, "reading-file")]


def test_items_are_joined_and_split() -> None:
    text = LEAFLET.replace("\nRegional Priorities\n", "\nRegional Priorities\n\nZebras\n\nYonder\n", 1)
    line = line_of(text, "Zebras")
    assert [one.value for one in read(text)[0].priorities[:2]] == ["Zebras", "Yonder"]
    assert read(text, said("join", f"{line}-{line + 2}", "Zebras"))[0].priorities[0].value == "Zebras Yonder"
    text = text.replace("Zebras\n\nYonder", "- Zebras\n- Yonder")
    assert read(text, said("join", f"{line}-{line + 1}", "Zebras"))[0].priorities[0].value == "Zebras - Yonder"
    text = text.replace("- Zebras\n- Yonder", "Zebras\nYonder")
    assert read(text)[0].priorities[0].value == "Zebras Yonder"
    assert [one.value for one in read(text, said("split", line + 1, "Yonder"))[0].priorities[:2]] == ["Zebras", "Yonder"]


def test_a_finding_is_accepted_with_its_reason_and_no_other_is() -> None:
    text = LEAFLET.replace("Turkmenistan\n", "Turkmenistan\n\nTurkmenistan\n", 1)
    _, found = read(text)
    (repeated,) = [finding for finding in found if finding.code == "item-repeated"]
    _, found = read(text, said("accept", repeated.line, "Turkmenistan", "item-repeated"))
    accepted = [finding for finding in found if finding.code == "reading-accepted"]
    assert len(accepted) == 1 and "because" in accepted[0].message and not accepted[0].is_error
    _, found = read(text, said("accept", repeated.line, "Turkmenistan", "list-miscounted"))
    assert {"item-repeated", "reading-stale"} <= set(codes(found))


@pytest.mark.parametrize(
    "words", ["write to ann@data.example", "Tel. 71 200 00 00", "call +998 71 200-00-00", "fax: 0071 20 000"]
)
def test_a_contact_blocks_until_somebody_decides(words: str) -> None:
    text = f"{LEAFLET.rstrip()} For more, {words}.\n"
    line = len(text.splitlines())
    assert "contact-data" in codes(read(text)[1])
    assert "contact-data" not in codes(read(text, said("keep", line, "For more"))[1])


@pytest.mark.parametrize(
    "words", ["Projects 101 102 103", "from 2019-2024 and 2025", "1 000 000 people", "ISO 17025:2017", "2.5.2024–3.6.2024"]
)
def test_numbers_that_are_no_telephone_do_not(words: str) -> None:
    assert "contact-data" not in codes(read(f"{LEAFLET.rstrip()} {words}.\n")[1])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("- do: ignore\n", "reading-invalid"),
        ("ignore\n", "reading-invalid"),
        ("- [1, 2]\n", "reading-invalid"),
        ("- {1: 2}\n", "reading-invalid"),
        ("- &a x\n", "reading-invalid"),
        (said("ignore", 0, "x"), "reading-invalid"),
        (said("ignore", "9-3", "x"), "reading-invalid"),
        (said("heading", 3, "x", "Other"), "reading-invalid"),
        (said("accept", 3, "x", "no-such-code"), "reading-invalid"),
        (said("ignore", 999_999, "x"), "reading-stale"),
        (said("ignore", 1, "no such words"), "reading-stale"),
        (said("project", 1, "Central Asia", "P81"), "reading-stale"),
    ],
)
def test_an_entry_that_cannot_be_followed_blocks(entry: str, code: str) -> None:
    _, found = read(LEAFLET, entry)
    wrong = [finding for finding in found if finding.source == "leaflet.reading.yaml"]
    assert codes(wrong) == [code] and wrong[0].is_error and wrong[0].line


def test_the_entry_that_is_printed_settles_what_it_is_printed_for() -> None:
    """Whatever the words: marks of YAML, quotation marks, a backslash."""
    words = 'Printed: "x" \\ & {y} # z'
    text = LEAFLET.replace("\nMethodology\n", f"\nMethodology\n\n{words}\n", 1)
    line = line_of(text, "Printed")
    entry = entry_for(Finding("line-unread", "", "leaflet.txt", line), words)
    assert entry
    assert codes(read(text, entry.replace('reason: ""', "reason: x"))[1]) == codes(read(LEAFLET)[1])


def received(folder: Path) -> Path:
    """A leaflet with a misprint, another heading and an address, and the entries that settle them."""
    text = LEAFLET.replace("\nRecent Achievements\n", "\nWhat we did lately\n").replace("\nKazakhstan\n", "\nKazakstan\n", 1)
    text = f"{text.rstrip()}\n\nContact: ann@data.example\n"
    path = folder / "leaflet.txt"
    path.write_text(text, encoding="utf-8")
    entries = [
        said("country", line_of(text, "Kazakstan"), "Kazakstan", "KAZ"),
        said("heading", line_of(text, "What we did"), "What we did lately", "Recent Achievements"),
        said("leave-out", line_of(text, "Contact"), "Contact: [left out]"),
        said("ignore", line_of(text, "Contact"), "Contact:"),
        said("project", line_of(text, "Between March"), "Project 109", "P108"),
    ]
    path.with_name("leaflet.reading.yaml").write_text("".join(entries), encoding="utf-8")
    return path


def _id_of(project: Path) -> str:
    rows = json.loads((project / "published/latest/achievement_projects.json").read_bytes())
    return next(f"{row['achievement_id']}/P108" for row in rows if row["project_id"] == "P108")


def test_a_leaflet_and_its_reading_file_go_from_add_to_a_release_that_builds_again(project: Path, tmp_path: Path) -> None:
    path = received(tmp_path)
    assert run("add", path, "--root", project).code == 0
    assert "already added" in " ".join(run("add", path, "--root", project).out.split())
    assert "ann@" not in "".join(each.read_text(encoding="utf-8") for each in (project / "raw").iterdir())
    done = run("publish", "--root", project)
    assert done.code == 0, done.err
    for row, value in (("memberships", "central-asia/KAZ"), ("projects", "P108")):
        assert "sources/central-asia-2026.reading.yaml:" in run("trace", row, value, "--root", project).out
    (first,) = json.loads(
        run("trace", "achievement_projects", _id_of(project), "project_id", "--root", project, "--json").out
    )
    assert first["passages"][0]["how"] == "stated in the reading file of a leaflet"
    texts = run("trace", "achievements", _id_of(project).partition("/")[0], "text", "--root", project).out
    assert "read as stated in sources/central-asia-2026.reading.yaml:" in " ".join(texts.split())
    verified = run("verify", "--root", project, "--rebuild")
    assert verified.code == 0, verified.out
    for each in (project / "published").rglob("*.*"):
        packed = zipfile.ZipFile(each) if each.suffix in (".zip", ".xlsx") else None
        parts = (
            [packed.read(name) for name in packed.namelist()] if packed else [each.read_bytes()] if each.is_file() else []
        )
        assert not any(b"ann@" in part for part in parts), each


@pytest.mark.usefixtures("without_pages")
def test_a_reading_file_is_ours_to_change_and_a_leaflet_is_not(project: Path, tmp_path: Path) -> None:
    path, package = received(tmp_path), project / "schemas" / "package.yaml"
    package.write_text(
        package.read_text(encoding="utf-8").replace("cbrn_data maintainers", "Another office"), encoding="utf-8"
    )
    assert run("add", path, "--root", project).code == 0
    kept = project / "raw" / "central-asia-2026.reading.yaml"
    assert "publisher: Another office\n" in kept.with_name(f"{kept.name}.yaml").read_text(encoding="utf-8")
    kept.write_text(kept.read_text(encoding="utf-8").replace("P108", "P105"), encoding="utf-8")
    done = run("plan", "--root", project)
    assert done.code == 1 and "cbrn-data update raw/central-asia-2026.reading.yaml" in " ".join(done.err.split())
    assert run("add", kept, "--root", project).code == 0
    assert run("plan", "--root", project).code == 0
    assert "achievement_projects" in run("plan", "--root", project).out or run("publish", "--root", project).code == 0
    assert run("add", tmp_path / "leaflet.reading.yaml", "--root", project).code == 1


@pytest.mark.usefixtures("without_pages")
def test_a_reading_file_without_its_leaflet_and_a_leaflet_that_changed_block(project: Path, tmp_path: Path) -> None:
    assert run("add", received(tmp_path), "--root", project).code == 0
    edit(project, "central-asia-2026.txt", lambda text: text.replace("What we did lately", "What we did"))
    done = run("plan", "--root", project)
    assert done.code == 1 and "reading-stale" in done.err
    for name in ("central-asia-2026.txt", "central-asia-2026.txt.yaml"):
        (project / "raw" / name).unlink()
    done = run("plan", "--root", project)
    assert done.code == 1 and "is for raw/central-asia-2026.txt, which does not exist" in " ".join(done.err.split())
