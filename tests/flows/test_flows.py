"""The flows in this process, on a real Prefect server: what they publish, and what they show when they cannot."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import exception_to_failed_state

from cbrn_data import pipeline as library
from cbrn_data import progress
from cbrn_data.errors import GateError, ReleaseError, SourceError, VerificationError
from cbrn_data.settings import Settings, read_settings
from cbrn_data.signing.keys import fingerprint, public_pem
from flows import deploy, local, reporting
from flows.audit import audit
from flows.ingest import ingest
from flows.pipeline import main, pipeline
from flows.publish import _is_the_store, publish
from flows.validate import validate
from tests.cli.conftest import edit, run
from tests.flows.team import DAY, Api, Team, add_leaflet
from tests.history import OTHER
from tests.plans import rows
from tests.trees import tree
from tests.verify.forging import rotate_store

WORDS = ("KazToxBase", "National Institute of Health of Pakistan", "Border Control for CBRN")
"""Words of the leaflet that no finding quotes."""


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch, team: Team) -> None:
    """Every release of these tests has one date."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", team.environment["SOURCE_DATE_EPOCH"])


FINDING = r"(?m)^\*\*(.+?)\*\*: (.+)$"
"""A finding on the page of a run: its place and its message."""


def places(text: str) -> list[str]:
    """The places of findings on the page of a run, without the marks that keep them from being Markdown."""
    return [place.replace("\\", "") for place, _ in re.findall(FINDING, text)]


def shown(api: Api, state: State[Any]) -> dict[str, Any]:
    """What the page of a run shows, by key."""
    return {key: one["data"] for key, one in api.artifacts(str(state.state_details.flow_run_id)).items()}


def told(api: Api, state: State[Any]) -> dict[str, Any]:
    """Wait for the event of ours that a run has told, and return what is in it."""
    resource = f"prefect.flow-run.{state.state_details.flow_run_id}"

    def found() -> list[Any]:
        return [event for event in api.events("cbrn-data.") if event["resource"]["prefect.resource.id"] == resource]

    (event,) = api.wait(found)
    return {"event": event["event"], **event["payload"]}


def test_the_chain_publishes_the_bytes_that_the_command_line_publishes(project: Path, tmp_path: Path, api: Api) -> None:
    state = pipeline(str(project), str(tmp_path / "flow"), return_state=True)
    assert api.run(str(state.state_details.flow_run_id))["state_type"] == "COMPLETED"

    settings = Settings(project, tmp_path / "library")
    outcome = library.publish(library.build(library.gather(settings)), library.open_store(settings), DAY)
    assert tree(tmp_path / "flow", hidden=False) == tree(tmp_path / "library", hidden=False)

    run_name = api.run(str(state.state_details.flow_run_id))["name"]
    assert run_name == f"publish {DAY}"
    findings = shown(api, state)["findings"]
    assert findings.startswith("# Findings: 0 errors, 1 warning\n") and places(findings) == ["raw/central-asia-2025.txt:50"]
    release = shown(api, state)["release"]
    assert release.startswith("# Published 1.0.0\n") and "| Regions | Central Asia (Tashkent) |" in release
    event = told(api, state)
    assert (event["event"], event["version"], event["date"]) == ("cbrn-data.published", "1.0.0", DAY)
    assert event["digest"] == outcome.release.digest
    assert event["address"] == "https://cbrn-data.example/history/1.0.0.html"


@pytest.mark.usefixtures("without_pages")
def test_a_dry_run_says_what_would_be_and_nothing_new_publishes_nothing(project: Path, api: Api) -> None:
    state = pipeline(str(project), dry_run=True, return_state=True)
    assert shown(api, state)["release"].startswith("# Would publish 1.0.0\n")
    assert not (project / "published").exists()

    assert pipeline(str(project)) == "1.0.0"
    before = tree(project / "published", hidden=False)
    for dry in (False, True):
        state = pipeline(str(project), dry_run=dry, return_state=True)
        assert state.message == "Nothing new: 1.0.0 already has this content"
        assert shown(api, state)["release"].startswith(f"# {state.message}\n")
    assert tree(project / "published", hidden=False) == before

    edit(project, "project_countries.csv", lambda text: text.replace(",high", ",medium", 1))
    state = pipeline(str(project), return_state=True)
    release, page = shown(api, state)["release"], library.plan_page_file(read_settings(project), "1.0.1").read_text()
    assert "| All changes |" in release and "Changes from 1.0.0 to 1.0.1" in page

    before = tree(project / "published", hidden=False)
    edit(project, "project_countries.csv", rows(1))
    state = pipeline(str(project), dry_run=True, return_state=True)
    assert state.is_failed() and "guard-source-lost: the source project-countries gives 1 row, 24 before" in str(
        state.message
    )
    release, page = shown(api, state)["release"], library.plan_page_file(read_settings(project)).read_text()
    assert "| All changes |" in release and "| Plan |" in release
    assert "Blocked: 2.0.0 would not be published" in page and "P101/UZB" in page
    assert tree(project / "published", hidden=False) == before


@pytest.mark.usefixtures("without_pages")
def test_another_address_wants_a_word_and_a_withdrawn_newest_release_is_told(project: Path, api: Api) -> None:
    assert run("publish", "--root", project).code == 0
    before, new = tree(project / "published"), "https://other.example/data/"
    state = pipeline(str(project), dry_run=True, base_url=new, return_state=True)
    assert f"| New address | {new} instead of https://cbrn-data.example/;" in shown(api, state)["release"]
    for refused in (pipeline, publish):
        state = refused(str(project), base_url=new, return_state=True)
        assert state.is_failed() and "move_address" in str(state.message)
    assert tree(project / "published") == before
    assert pipeline(str(project), base_url=new, move_address=True) == "1.0.0"

    library.open_store(Settings(project, project / "published", new)).withdraw("1.0.0", "A date was wrong", DAY)
    for dry in (False, True):
        state = pipeline(str(project), dry_run=dry, base_url=new, return_state=True)
        assert state.message == "Nothing new: 1.0.0 already has this content; it is withdrawn: A date was wrong"
        assert "| Withdrawn | " in shown(api, state)["release"]


def test_a_changed_byte_fails_the_flow_that_ingests(project: Path, api: Api) -> None:
    with (project / "raw/projects.csv").open("a", encoding="utf-8") as stream:
        stream.write("P1,1\n")
    state = ingest(str(project), return_state=True)
    findings = shown(api, state)["findings"]
    assert findings.startswith("# the sources cannot be used\n")
    assert places(findings) == ["raw/projects.csv", "raw/projects.csv:21"]
    assert "\nWhat to do: " in findings and "`source-changed` in `docs/findings.md`" in findings
    assert state.is_failed() and str(state.message).startswith(
        "the sources cannot be used:\nraw/projects.csv: source-changed: "
    )
    assert told(api, state) == {"event": "cbrn-data.failed", "message": state.message, "findings": 2}
    assert not (project / "published").exists()
    with pytest.raises(SourceError) as raised:
        ingest(str(project))
    assert [finding.code for finding in raised.value.findings] == ["source-changed", "csv-row-width"]


def test_of_many_findings_the_message_has_the_first_and_the_page_all(project: Path, api: Api) -> None:
    for name in sorted(path for path in (project / "raw").iterdir() if path.suffix != ".yaml"):
        name.write_bytes(name.read_bytes() + b"\n")
    state = ingest(str(project), return_state=True)
    assert len(places(shown(api, state)["findings"])) == 7
    assert [line.partition(":")[0] for line in str(state.message).splitlines()] == [
        "the sources cannot be used",
        "raw/central-asia-2025.txt",
        "raw/countries.csv",
        "raw/memberships.csv",
        "raw/project_countries.csv",
        "raw/project_regions.csv",
        "and 2 more",
    ]


def test_a_fault_of_the_code_is_told_too_and_its_log_says_where(
    project: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(_: Settings) -> None:
        raise ZeroDivisionError("not\x1b[31m foreseen")

    monkeypatch.setattr(library, "gather", gather)
    state = ingest(str(project), return_state=True)
    assert state.is_failed()
    message = "internal error: ZeroDivisionError: not\\x1b[31m foreseen"
    assert told(api, state) == {"event": "cbrn-data.failed", "message": message, "findings": 0}
    assert "test_flows.py" in api.logs(str(state.state_details.flow_run_id), "Finished in state Failed(")


def test_what_the_machine_refuses_is_told_in_words_and_its_log_has_no_traceback(
    project: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(_: Settings) -> None:
        raise PermissionError(13, "Permission denied", "raw")

    monkeypatch.setattr(library, "gather", gather)
    state = ingest(str(project), return_state=True)
    message = "raw: permission denied; allow this user, or choose another file or folder"
    assert (state.is_failed(), state.message) == (True, message)
    assert told(api, state) == {"event": "cbrn-data.failed", "message": message, "findings": 0}
    assert shown(api, state)["findings"].startswith(f"# {message}\n")
    assert "Traceback" not in api.logs(str(state.state_details.flow_run_id), "Finished in state Failed(")


@pytest.mark.parametrize("command", [deploy.main, main], ids=["deploy", "pipeline"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({PREFECT_API_AUTH_STRING: "nobody:wrong"}, "answers 401 (Unauthorized): it requires"),
        ({PREFECT_API_URL: "http://127.0.0.1:1/api"}, "http://127.0.0.1:1: no server answers at PREFECT_API_URL"),
    ],
    ids=["a wrong password", "no server"],
)
def test_what_the_server_refuses_is_told_in_one_line(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[Any, str],
    said: str,
    command: Any,
) -> None:
    monkeypatch.chdir(project)
    with temporary_settings(changed), pytest.raises(SystemExit) as end:
        command()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert end.value.code == 2 and said in line


@pytest.mark.usefixtures("without_pages")
def test_each_flow_runs_alone(project: Path) -> None:
    assert {source.source_id for source in ingest(str(project)).sources} >= {"central-asia-2025", "projects"}
    assert validate(str(project)).content.digest
    assert not (project / "published").exists()
    assert publish(str(project)) == "1.0.0"


def test_an_audit_passes_what_is_intact_and_names_what_is_not(
    small: Path, tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small, tmp_path / "published")
    monkeypatch.setattr("flows.audit.now", lambda: "2026-11-30 04:00")
    assert audit(str(tmp_path), rebuild=False) == "All checks passed."
    with (tmp_path / "published/releases/1.0.0/projects.csv").open("a") as stream:
        stream.write("P1\n")
    state = audit(str(tmp_path), rebuild=False, return_state=True)
    verdict, first, *_ = str(state.message).splitlines()
    assert state.is_failed() and verdict == "A check failed."
    assert first == "1.0.0: files: 'projects.csv' was changed"
    rows = json.loads(shown(api, state)["audit"])
    assert (rows[0]["of"], rows[0]["check"], rows[0]["result"]) == ("1.0.0", "files", "failed")
    assert told(api, state)["message"] == state.message
    with pytest.raises(VerificationError, match="A check failed"):
        audit(str(tmp_path), rebuild=False)


@pytest.mark.usefixtures("without_pages")
def test_an_audit_remembers_the_keys_and_the_state_and_has_a_limit_of_age(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Path(shutil.copytree(small, tmp_path / "published"))
    monkeypatch.setattr("flows.audit.now", lambda: "2026-11-30 04:00")

    def audited(**more: int) -> str:
        return str(audit(str(tmp_path), rebuild=False, return_state=True, **more).message)

    assert "age: the newest release is 8 days old; 0 to 7 are allowed" in audited(max_age=7)
    assert audited() == "All checks passed."
    old = shutil.copytree(published, tmp_path / "old")
    rotate_store(published, None, OTHER, tmp_path / "other.pem")
    for _ in range(2):  # it fails until the settings know the key
        assert f"store: key: the root names a new key, {fingerprint(OTHER.public_key())}; ask the" in audited()
    (tmp_path / "trusted.pem").write_bytes(public_pem(OTHER.public_key()))
    (tmp_path / "cbrn-data.toml").write_text('keys.trusted = "trusted.pem"\n')
    assert audited() == "All checks passed."
    shutil.rmtree(published)
    shutil.copytree(old, published)
    assert "store: metadata: the metadata are not valid" in audited()


def test_a_step_that_lasts_is_a_bar_on_the_page_which_stays_where_the_step_failed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.progress.PATIENCE", 0.0)
    monkeypatch.setattr("flows.progress.INTERVAL", 0.0)

    @reporting.step("Long work")
    def work(share: float) -> None:
        with progress.step("Build many_rows", 1) as one:
            one.move(share)
            if share < 1:
                raise ReleaseError("stopped")

    @flow
    def long(share: float) -> None:
        work(share)

    for share, percent in ((0.57, 57), (1.0, 100)):
        state = long(share, return_state=True)
        assert shown(api, state) == {"progress-build-many-rows": percent}
    assert "Build many_rows: 100 %" in api.logs(str(state.state_details.flow_run_id), "Finished in state Completed(")


@pytest.mark.usefixtures("without_pages")
def test_a_release_is_pushed_to_the_target_of_the_settings_and_what_is_not_new_is_not(project: Path, tmp_path: Path) -> None:
    settings = project / "cbrn-data.toml"
    settings.write_text(f'[push]\ntarget = "file://{tmp_path}/www"\n')
    state = pipeline(str(project), return_state=True)
    assert str(state.message).startswith(f"Published 1.0.0; file://{tmp_path}/www: ")
    assert tree(tmp_path / "www") == tree(project / "published", hidden=False)
    state = pipeline(str(project), return_state=True)
    assert str(state.message).endswith(f"; Nothing new: file://{tmp_path}/www already has release 1.0.0")

    settings.write_text(f'[push]\ntarget = "file://{project}/published"\n')
    state = pipeline(str(project), return_state=True)
    assert state.is_failed() and ", but it was not pushed: " in str(state.message)


@pytest.mark.usefixtures("without_pages")
def test_the_command_brings_its_own_server_and_leaves_the_whole_history(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no server is set; nothing is left running."""
    monkeypatch.chdir(project)
    with temporary_settings({PREFECT_HOME: project / "prefect"}, restore_defaults={PREFECT_API_URL}):
        main()
        assert "Release       1.0.0 of 2026-11-22" in capsys.readouterr().out
        with (project / "raw/projects.csv").open("a", encoding="utf-8") as stream:
            stream.write("P1,1\n")
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "source-changed" in said and "Traceback" not in said
    assert not [thread for thread in threading.enumerate() if thread.name == local.THREAD]

    with closing(sqlite3.connect(project / "prefect" / "prefect.db")) as history:

        def stored(what: str) -> list[Any]:
            return history.execute(f"SELECT {what}").fetchall()

        runs = "flow_run r WHERE r.state_type"
        assert stored(f"count(*) FROM {runs} = 'COMPLETED' UNION ALL SELECT count(*) FROM {runs} = 'FAILED'") == [(1,), (1,)]
        assert stored("name, state_type FROM task_run ORDER BY start_time") == [
            ("Read sources and definitions", "COMPLETED"),
            ("Check whether anything is new", "COMPLETED"),
            ("Build and check tables", "COMPLETED"),
            ("Stage, check and commit the release", "COMPLETED"),
            ("Read sources and definitions", "FAILED"),
        ]
        assert stored("key FROM artifact ORDER BY created") == [("findings",), ("release",), ("findings",)]
        logs = "\n".join(message for (message,) in stored("message FROM log"))
        assert "Finished in state Completed('Published 1.0.0')" in logs and "Read raw/projects.csv: " in logs
        ends = "event FROM events WHERE event LIKE 'prefect.flow-run.%ed' ORDER BY occurred"
        assert [name for (name,) in stored(ends)] == ["prefect.flow-run.Completed", "prefect.flow-run.Failed"]
        assert ("cbrn-data.published",) in stored("event FROM events")


def test_the_prepared_database_is_of_this_prefect() -> None:
    """Else, ``python -m flows.local`` writes it again."""
    assert local.TABLES.read_text(encoding="utf-8").startswith(local.HEAD)


def test_only_what_can_pass_is_tried_again() -> None:
    async def answer(error: Exception) -> bool:
        return await _is_the_store(None, None, await exception_to_failed_state(error))  # type: ignore[arg-type]

    assert asyncio.run(answer(ReleaseError("another publisher is at work")))
    assert not asyncio.run(answer(GateError("the release does not pass its checks")))
    assert not asyncio.run(answer(RuntimeError("a fault of ours")))


@pytest.mark.usefixtures("without_pages")
def test_no_source_text_is_stored_on_the_server(project: Path, team: Team, api: Api) -> None:
    add_leaflet(project, "central-asia-2026")
    run = str(pipeline(str(project), return_state=True).state_details.flow_run_id)
    api.logs(run, "Finished in state Completed(")
    assert str(project) in json.dumps(api.run(run)["parameters"])
    files = [path for path in (team.home / ".prefect").rglob("*") if path.is_file()]
    assert any(str(project).encode() in path.read_bytes() for path in files)
    for path in files:
        data = path.read_bytes()
        assert [word for word in WORDS if word.encode() in data] == []
