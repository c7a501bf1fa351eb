"""Each command of ``cbrn-data``: what it prints for people and for machines, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import typer.main

from cbrn_data import __version__
from cbrn_data.cli.app import app
from cbrn_data.cli.show import show_changes
from cbrn_data.release.changes import RowChange, TableChanges
from cbrn_data.schema.model import read_package
from tests.cli.conftest import Command, History, edit
from tests.conftest import PROJECT
from tests.history import COPY

LEAFLETS = PROJECT / "tests/leaflets"
EXECUTABLE = Path(sys.executable).parent / "cbrn-data"
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
pytestmark = pytest.mark.usefixtures("without_pages")
HEAVY = ["pandas", "pandera", "pyarrow", "frictionless", "prefect", "pycountry", "rich.console", "yaml"]


# --- start-up


SHOWS_HELP = """
import contextlib, functools, io, json, os, sys, typer.main
from cbrn_data.cli import main
typer.main.get_command = functools.cache(typer.main.get_command)
def help_of(command):
    sys.argv[1:], shown, code = [*command, "--help"], io.StringIO(), 0
    with contextlib.redirect_stdout(shown):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return code, shown
heavy, commands = json.loads(sys.argv[1])
help_of([])  # which imports what all of them do
for command in commands:  # each in a fork: none has what another imported
    if not os.fork():
        code, shown = help_of(command)
        print(json.dumps([code, shown.getvalue(), [name for name in heavy if name in sys.modules]]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, list[Any]]:
    """For the program and each command: exit code, help, and which heavy modules were imported to show it."""
    commands = [[], *([name] for name in COMMANDS)]
    arguments = [sys.executable, "-c", SHOWS_HELP, json.dumps([HEAVY, commands])]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, encoding="utf-8")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(["", *COMMANDS], said, strict=True))


@pytest.mark.parametrize("command", ["", *COMMANDS], ids=lambda command: command or "none")
def test_help_names_what_there_is_and_imports_nothing_heavy(command: str, helps: dict[str, list[Any]]) -> None:
    code, shown, heavy = helps[command]
    assert (code, heavy) == (0, [])
    assert "Usage: cbrn-data" in shown
    assert not re.search(r"--\S+ +<list", shown)  # a word says what to give, and no type of Python
    if not command:
        listed = shown[shown.index("Commands:") :]
        assert [line.split()[0] for line in listed.splitlines()[1:] if line[2:3].strip()] and set(COMMANDS) == {
            line.split()[0] for line in listed.splitlines()[1:] if line[2:3].strip()
        }


def test_a_new_row_without_a_title_is_shown_with_its_cells(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    row = RowChange("added", "kick-off", None, {"held_on": "2025-05-21", "note": None, "people_count": "12"})
    table = read_package(PROJECT / "schemas").tables["memberships"]
    show_changes([TableChanges(table, Counter(added=1), [row])], "cbrn-data plan")
    assert "memberships/kick-off  *           held_on 2025-05-21; people_count 12" in capsys.readouterr().out


def test_the_installed_program_shows_its_help() -> None:
    environment = os.environ | {"COLUMNS": "80"}
    done = subprocess.run([EXECUTABLE, "--help"], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "") and "..." not in done.stdout.partition("Commands:")[2]


def test_the_version_is_that_of_the_code(cbrn_data: Command) -> None:
    done = cbrn_data("--version")
    assert (done.code, done.out, done.err) == (0, f"cbrn-data {__version__}\n", "")


def test_no_command_is_wrong_use(cbrn_data: Command) -> None:
    assert cbrn_data().code == 2
    assert cbrn_data("publsh").code == 2
    assert cbrn_data("publish", "--nonsense").code == 2


# --- add and extract


@pytest.mark.parametrize("name", ["central-asia-2025", "south-east-asia-2025"])
def test_extract_prints_what_a_leaflet_says(cbrn_data: Command, name: str) -> None:
    done = cbrn_data("extract", LEAFLETS / f"{name}.txt")
    assert done.code == 0
    assert done.json == json.loads((LEAFLETS / f"{name}.json").read_text(encoding="utf-8"))


def test_extract_prints_nothing_of_what_it_cannot_read(cbrn_data: Command, tmp_path: Path) -> None:
    leaflet = tmp_path / "cut.txt"
    text = (LEAFLETS / "central-asia-2025.txt").read_text(encoding="utf-8")
    leaflet.write_text(text[: text.index("Regional Priorities")], encoding="utf-8")
    done = cbrn_data("extract", leaflet)
    assert (done.code, done.out) == (1, "")
    assert "section-missing" in done.err and " ".join(done.err.split()).endswith(f"error: {leaflet} cannot be read")
    missing = cbrn_data("extract", tmp_path / "none.txt")
    assert (missing.code, missing.out) == (1, "") and "source-missing" in missing.err


def test_extract_says_its_findings_on_standard_error_and_in_the_json(cbrn_data: Command, tmp_path: Path) -> None:
    leaflet = tmp_path / "leaflet.txt"
    text = (LEAFLETS / "central-asia-2025.txt").read_text(encoding="utf-8")
    leaflet.write_text(text.replace("17 July 2015", "July 2015"), encoding="utf-8")
    plain, with_findings = cbrn_data("extract", leaflet, COLUMNS=""), cbrn_data("extract", leaflet, "--json")
    assert plain.code == with_findings.code == 0
    assert plain.json == {key: value for key, value in with_findings.json.items() if key != "findings"}
    assert {finding["code"] for finding in with_findings.json["findings"]} == {"date-unread", "head-incomplete"}
    assert f"warning {leaflet}:13 date-unread" in " ".join(plain.err.split())
    leaflet.write_text("Methodology", encoding="utf-8")
    refused = cbrn_data("extract", leaflet, "--json")
    assert refused.code == 1 and list(refused.json) == ["findings"]


def test_add_and_update_print_json_about_each_file(cbrn_data: Command, tmp_path: Path) -> None:
    leaflet, root = LEAFLETS / "central-asia-2025.txt", ("--root", tmp_path / "root")
    done = cbrn_data("add", leaflet, tmp_path / "none.txt", *root, "--json")
    first, second = done.json
    assert (done.code, first["added"], first["error"]) == (2, ["raw/central-asia-2025.txt"], None)
    assert [finding["code"] for finding in first["findings"]] == ["region-unlisted"]
    assert (second["file"], second["findings"]) == (str(tmp_path / "none.txt"), []) and "no such file" in second["error"]
    assert cbrn_data("add", leaflet, *root, "--json").json[0]["added"] == []
    kept = tmp_path / "root/raw/central-asia-2025.txt"
    (said,) = cbrn_data("update", kept, "--title", "Another", *root, "--dry-run", "--json").json
    assert (said["changed"], said["dry_run"], said["changes"], said["more_changes"]) == (True, True, [], 0)
    assert [(each["key"], each["new"]) for each in said["sidecar"]] == [("title", "Another")]
    assert cbrn_data("update", "--all", *root, "--json").json == []


def test_add_names_the_file_after_region_and_edition_and_can_be_repeated(cbrn_data: Command, project: Path) -> None:
    leaflet = LEAFLETS / "central-asia-2026.txt"
    first = cbrn_data("add", leaflet, "--root", project)
    assert first.code == 0 and "added as raw/central-asia-2026.txt" in " ".join(first.out.split())
    assert (project / "raw/central-asia-2026.txt").read_bytes() == leaflet.read_bytes()
    sidecar = (project / "raw/central-asia-2026.txt.yaml").read_bytes()
    again = cbrn_data("add", leaflet, "--root", project)
    assert again.code == 0 and "already added" in " ".join(again.out.split())
    assert (project / "raw/central-asia-2026.txt.yaml").read_bytes() == sidecar


def test_add_tries_every_file_and_ends_as_the_first_error_does(cbrn_data: Command, project: Path, tmp_path: Path) -> None:
    empty, picture = tmp_path / "empty.txt", tmp_path / "picture.png"
    empty.touch()
    picture.touch()
    done = cbrn_data("add", empty, picture, LEAFLETS / "middle-east-2025.txt", "--root", project)
    assert done.code == 1
    assert "source-empty" in done.err and "only leaflets (.txt, .pdf, .docx, .html)" in " ".join(done.err.split())
    assert (project / "raw/middle-east-2025.txt").exists()
    assert cbrn_data("add", picture, "--root", project).code == 2


# --- plan and publish


def test_plan_writes_nothing(cbrn_data: Command, project: Path) -> None:
    before = sorted(project.rglob("*"))
    done = cbrn_data("plan", "--root", project)
    assert done.code == 0 and done.out.startswith("Would publish 1.0.0 (after no release): First release: ")
    assert sorted(project.rglob("*")) == before


def test_publish_elsewhere(cbrn_data: Command, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    done = cbrn_data("publish", "--root", project, "--published", elsewhere)
    assert done.code == 0 and done.out.startswith("Published 1.0.0.\n")
    assert (elsewhere / "releases/1.0.0/datapackage.json").exists() and not (project / "published").exists()
    listed = cbrn_data("releases", "--json", "--root", project, "--published", elsewhere)
    assert [entry["version"] for entry in listed.json] == ["1.0.0"]


def test_a_step_can_be_raised_never_lowered(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    cbrn_data("add", LEAFLETS / "central-asia-2026.txt", "--root", project)
    versions = {
        step: cbrn_data("plan", "--json", "--at-least", step, "--root", project).json["version"]
        for step in ("patch", "minor", "major")
    }
    assert versions == {"patch": "1.1.0", "minor": "1.1.0", "major": "2.0.0"}
    wrong = cbrn_data("plan", "--at-least", "huge", "--root", project)
    assert (wrong.code, wrong.out) == (2, "") and "it must be minor or major" in wrong.err


def test_a_changed_definition_is_major_and_changes_no_cell(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    definition = project / "schemas/projects.yaml"
    text = definition.read_text(encoding="utf-8")
    definition.write_text(text.replace("maximum: 9999", "maximum: 999"), encoding="utf-8")
    planned = cbrn_data("plan", "--json", "--root", project).json
    assert (planned["version"], planned["changes"]) == ("2.0.0", [])
    assert planned["why"] == [{"step": "major", "why": "constraints of projects.number"}]
    assert cbrn_data("publish", "--json", "--root", project).json["version"] == "2.0.0"


def test_a_definition_that_alone_changed_is_told_wherever_a_release_is(cbrn_data: Command, project: Path) -> None:
    cbrn_data("publish", "--root", project)
    path = project / "schemas" / "projects.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("maximum: 9999", "maximum: 999"), encoding="utf-8")
    published = cbrn_data("publish", "--json", "--root", project).json
    assert (
        published["summary"] == "No value changed, only sources, descriptions or evidence (constraints of projects.number)"
    )
    there, back = (cbrn_data("diff", *pair, "--root", project) for pair in (("1.0.0", "2.0.0"), ("2.0.0", "1.0.0")))
    assert (there.code, there.out) == (0, "major: constraints of projects.number\nNo changed cell.\n")
    assert (back.code, back.out) == (0, "minor: constraints of projects.number\nNo changed cell.\n")


def test_a_clock_behind_the_newest_release_publishes_nothing(cbrn_data: Command, project: Path) -> None:
    cbrn_data("publish", "--root", project)
    edit(project, "projects.csv", lambda text: text.replace(",2026-01-31,", ",2026-01-30,"))
    for command, out in (("plan", "Blocked: would be 1.0.1 (after 1.0.0): "), ("publish", "")):
        done = cbrn_data(command, "--root", project, SOURCE_DATE_EPOCH="1795219200")
        assert (done.code, done.out[: len(out) or None]) == (1, out)
        assert done.err.startswith("error   release.json  date-behind\n")
    assert [path.name for path in (project / "published/releases").iterdir()] == ["1.0.0"]
    assert cbrn_data("publish", "--root", project).code == 0


@pytest.mark.parametrize("command", [("plan",), ("diff", "1.0.0", "1.0.0"), ("trace", "projects", "P94")])
def test_a_release_that_was_edited_by_hand_is_read_by_no_command(
    cbrn_data: Command, project: Path, command: tuple[str, ...]
) -> None:
    cbrn_data("publish", "--root", project)
    path = project / "published/releases/1.0.0/projects.csv"
    path.write_bytes(path.read_bytes().replace(b"ISTC", b"XXXX"))
    edit(project, "projects.csv", lambda text: text.replace(",2026-01-31,", ",2026-01-30,"))
    done = cbrn_data(*command, "--root", project)
    assert (done.code, done.out) == (2, "")
    assert "'projects.csv' was changed" in " ".join(done.err.split())


def test_nothing_new_after_a_withdrawal_says_that_it_was_withdrawn(cbrn_data: Command, project: Path) -> None:
    cbrn_data("publish", "--root", project)
    cbrn_data("withdraw", "1.0.0", "--reason", "A date was wrong", "--root", project)
    for command in ("plan", "publish"):
        done = cbrn_data(command, "--root", project)
        assert (done.code, done.out.splitlines()[1]) == (0, "It is withdrawn: A date was wrong")
    assert "Withdrawn     on 2026-11-22: A date was wrong" in done.out
    assert cbrn_data("publish", "--json", "--root", project).json["withdrawn"]["reason"] == "A date was wrong"
    edit(project, "projects.csv", lambda text: text.replace(",2026-01-31,", ",2026-01-30,"))
    assert "1.0.0 is withdrawn: A date was wrong" in cbrn_data("plan", "--root", project).out


def test_a_comment_in_a_definition_is_a_patch_that_says_so(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    with (project / "schemas/projects.yaml").open("a", encoding="utf-8") as stream:
        stream.write("# reviewed\n")
    planned = cbrn_data("plan", "--json", "--root", project).json
    assert planned["version"] == "1.0.1"
    assert planned["why"] == [{"step": "patch", "why": "files of sources or definitions, but not their content"}]


def test_the_base_address_of_a_portal_is_no_news(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    package = project / "schemas/package.yaml"
    text = package.read_text(encoding="utf-8")
    package.write_text(
        text.replace("base_url: https://cbrn-data.example/", "base_url: https://other.example/data/"), encoding="utf-8"
    )
    assert cbrn_data("plan", "--json", "--root", project).json["news"] is False
    assert cbrn_data("plan", "--json", "--root", project, CBRN_DATA_BASE_URL="https://third.example/").json["news"] is False


def test_another_address_is_shown_by_plan_and_refused_until_it_is_confirmed(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    feed = project / "published/feed.xml"
    before, new = feed.read_bytes(), "https://other.example/data/"
    planned = cbrn_data("plan", "--root", project, CBRN_DATA_BASE_URL=new)
    said = " ".join(planned.out.split())
    assert (planned.code, "Nothing new" in said) == (0, True)
    assert f"New address: the catalogue and the pages have https://cbrn-data.example/ and would have {new};" in said
    moved = cbrn_data("plan", "--json", "--root", project, CBRN_DATA_BASE_URL=new).json["move_address"]
    assert moved == {"from": "https://cbrn-data.example/", "to": new}
    for command in (["publish"], ["withdraw", "1.0.0", "--reason", "x"]):
        done = cbrn_data(*command, "--root", project, CBRN_DATA_BASE_URL=new)
        assert (done.code, done.out, feed.read_bytes()) == (2, "", before)
        assert "publish with --move-address" in " ".join(done.err.split())
    assert cbrn_data("publish", "--move-address", "--root", project, CBRN_DATA_BASE_URL=new).code == 0
    assert new.encode() in feed.read_bytes() and b"cbrn-data.example" not in feed.read_bytes()
    moments = [fromstring(data).findtext("{*}updated") for data in (before, feed.read_bytes())]
    assert moments == sorted(map(str, moments)) and moments[0] != moments[1]
    assert cbrn_data("plan", "--json", "--root", project, CBRN_DATA_BASE_URL=new).json["move_address"] is None
    forgotten = cbrn_data("publish", "--root", project)
    assert (forgotten.code, new.encode() in feed.read_bytes()) == (2, True)
    assert f'https://cbrn-data.example/ (schemas/package.yaml); set base_url = "{new}"' in " ".join(forgotten.err.split())


def test_a_broken_source_ends_with_1_and_leaves_what_was(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("publish", "--root", project).code == 0
    before = {path: path.read_bytes() for path in (project / "published").rglob("*") if path.is_file()}
    with (project / "raw/projects.csv").open("a", encoding="utf-8") as stream:
        stream.write("P1,1\n")
    for command in ("plan", "publish"):
        done = cbrn_data(command, "--root", project)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("error   raw/projects.csv  source-changed\n")
        assert "cbrn-data update raw/projects.csv" in " ".join(done.err.split())
        assert "error   raw/projects.csv:21  csv-row-width\n" in done.err
        assert done.err.endswith("error: the sources cannot be used\n")
    assert {path: path.read_bytes() for path in (project / "published").rglob("*") if path.is_file()} == before


def test_a_wrong_environment_ends_with_2(cbrn_data: Command, project: Path, tmp_path: Path) -> None:
    done = cbrn_data("publish", "--root", project, SOURCE_DATE_EPOCH="yesterday")
    assert (done.code, done.out) == (2, "") and "SOURCE_DATE_EPOCH is 'yesterday'" in done.err
    (tmp_path / "file").write_text("in the way")
    done = cbrn_data("publish", "--root", project, "--published", tmp_path / "file")
    assert done.code == 2 and "error:" in done.err and "Traceback" not in done.err
    nowhere = cbrn_data("publish", "--root", tmp_path / "nowhere")
    assert nowhere.code == 2 and "name the project's folder with --root" in " ".join(nowhere.err.split())


# --- releases, trace, withdraw


def test_where_nothing_is_published_everything_says_so(cbrn_data: Command, project: Path) -> None:
    assert cbrn_data("releases", "--root", project).out.startswith("Nothing is published yet")
    assert cbrn_data("releases", "--json", "--root", project).json == []
    for command in (["trace", "projects", "P94"], ["diff", "1.0.0", "1.1.0"], ["withdraw", "1.0.0", "--reason", "x"]):
        done = cbrn_data(*command, "--root", project)
        assert (done.code, done.out) == (2, ""), command
        assert done.err.startswith("error: ")


def test_trace_shows_the_words_with_file_and_line(cbrn_data: Command, history: History) -> None:
    done = cbrn_data("trace", "regions", "central-asia", "established_on", "--json", "--root", history.root)
    (cell,) = done.json
    assert (cell["field"], cell["value"]) == ("established_on", "2015-07-17")
    assert [(one["file"], one["lines"], one["words"], one["method"]) for one in cell["passages"]] == [
        ("sources/central-asia-2025.txt", [13, 13], "17 July 2015", "normalised"),
        ("sources/central-asia-2026.txt", [15, 15], "17 July 2015", "normalised"),
    ]
    people = cbrn_data("trace", "regions", "central-asia", "established_on", "--root", history.root)
    assert "established_on  2015-07-17\n" in people.out
    assert "sources/central-asia-2025.txt:13, edition 2025" in people.out


def test_trace_names_the_page_of_a_curated_value(cbrn_data: Command, history: History) -> None:
    done = cbrn_data("trace", "memberships", "central-asia/KAZ", "joined", "--json", "--root", history.root)
    (passage,) = done.json[0]["passages"]
    assert (passage["method"], passage["words"], passage["certainty"]) == ("curated", "2020-11", "high")
    assert passage["url"].startswith("https://cbrn-risk-mitigation.network.europa.eu/")
    assert passage["archived_url"] == passage["row"]["archived_url"] == COPY
    assert passage["row"]["country_id"] == "KAZ" and passage["row"]["joined"] == "2020-11"
    people = cbrn_data("trace", "memberships", "central-asia/KAZ", "joined", "--root", history.root).out
    assert "region_id: central-asia; country_id: KAZ; joined: 2020-11" in people
    said = " ".join(people.split())
    assert "stated by cbrn-risk-mitigation.network.europa.eu, high certainty: https://" in said
    assert "sources/memberships.csv:2: taken from a curated table (curated)" in said
    assert passage["url"] in people.replace("\n", "").replace(" ", "")
    assert f"archived copy of that page: {COPY}" in said and said.count(COPY) == 1
    page = (history.root / "published/sources/memberships.html").read_text(encoding="utf-8")
    assert f'<a class="soft" href="{COPY}" rel="noopener noreferrer nofollow">archived copy</a>' in page


def test_every_cell_of_a_row_is_traced_and_a_null_says_so(cbrn_data: Command, history: History) -> None:
    row = cbrn_data("trace", "projects", "P113", "--json", "--root", history.root).json
    assert [cell["field"] for cell in row] == ["project_id", "number", "title"]
    assert all(cell["passages"] for cell in row)
    null = cbrn_data("trace", "projects", "P113", "budget_eur", "--root", history.root)
    assert (null.code, null.out) == (0, "budget_eur  null: no source says it\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "P94"], "'nothing' is not a table with evidence; these are: regions, countries"),
        (["evidence", "x"], "'evidence' is not a table with evidence"),
        (["projects", "P9"], "projects has no row 'P9'; it has"),
        (["projects", "P94", "colour"], "projects has no field 'colour'; it has project_id"),
        (["projects", "P94", "--release", "3.0.0"], "release 3.0.0 does not exist; releases: 1.0.0, 1.1.0, 1.1.1, 2.0.0"),
        (["projects", "\x1b[31m"], r"projects has no row '\\x1b[31m'"),
    ],
)
def test_trace_of_what_is_not_there_names_what_is(
    cbrn_data: Command, history: History, arguments: list[str], words: str
) -> None:
    done = cbrn_data("trace", *arguments, "--root", history.root)
    assert (done.code, done.out) == (2, "")
    assert words in " ".join(done.err.split())


def test_withdraw_marks_a_release_and_touches_no_byte_of_it(cbrn_data: Command, history: History, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(history.root, root)
    releases = root / "published/releases"
    before = {path: path.read_bytes() for path in releases.rglob("*") if path.is_file()}
    day = "1795651200"  # 2026-11-26, after the releases
    done = cbrn_data("withdraw", "1.1.0", "--reason", "A date was wrong", "--root", root, SOURCE_DATE_EPOCH=day)
    own = "Repaired: the store's metadata have a root of their own now, of the key that signs here, which auditors must pin."
    assert (done.code, " ".join(done.out.split())) == (0, f"{own} 1.1.0 is withdrawn: A date was wrong")
    assert {path: path.read_bytes() for path in releases.rglob("*") if path.is_file()} == before
    listed = {entry["version"]: entry["withdrawn"] for entry in cbrn_data("releases", "--json", "--root", root).json}
    assert listed == {
        "2.0.0": None,
        "1.1.1": None,
        "1.1.0": {"reason": "A date was wrong", "date": "2026-11-26"},
        "1.0.0": None,
    }
    assert "WITHDRAWN: A date was wrong" in cbrn_data("releases", "--root", root).out
    assert cbrn_data("publish", "--root", root).out.startswith("Nothing new: 2.0.0")
    assert cbrn_data("withdraw", "9.9.9", "--reason", "x", "--root", root).code == 2
    assert cbrn_data("withdraw", "1.1.0", "--reason", "Another", "--root", root).code == 2
    assert cbrn_data("withdraw", "1.0.0", "--reason", "two\nlines", "--root", root).code == 2


# --- output


def test_eighty_columns_are_enough(cbrn_data: Command, history: History) -> None:
    shown = [
        ["releases"],
        ["plan"],
        ["publish"],
        ["diff", "1.0.0", "2.0.0"],
        ["trace", "projects", "P101"],
        ["trace", "nothing", "x"],
        ["diff", "1.0.0", "9.0.0"],
    ]
    for command in shown:
        done = cbrn_data(*command, "--root", history.root)
        assert done.out or done.err
        assert [line for line in (done.out + done.err).splitlines() if len(line) > 80] == [], command
        assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("command", [["releases", "--json"], ["diff", "1.0.0", "2.0.0", "--json"], ["releases"]])
def test_a_reader_who_goes_away_is_no_fault(history: History, command: list[str]) -> None:
    process = subprocess.Popen(
        [EXECUTABLE, *command, "--root", history.root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), said) == (2, "")


def test_what_the_locale_cannot_print_is_printed_all_the_same(history: History) -> None:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    command = [str(EXECUTABLE), "trace", "achievements", "central-asia-2023-5d765766", "text", "--root", str(history.root)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Kazakhstan’s Presidential" in " ".join(done.stdout.decode("utf-8").split())
