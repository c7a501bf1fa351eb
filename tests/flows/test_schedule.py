"""What the documentation says of schedules and nights, done for real: server, deployments, worker, runs that people see.

The tests stand in the order of a team's life, and share its server and worker; each but the first ones can run alone.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cbrn_data.signing.keys import signing_key
from cbrn_data.verify.results import exit_code
from cbrn_data.verify.store import verify_store
from tests.conftest import PROJECT
from tests.flows.team import Api, Documented, Team, add_leaflet, documented, kill, leaflet, wait_for
from tests.links.site import Site, name_pages
from tests.trees import tree
from tests.warm import without_pages as leaves_out_pages

_spec = importlib.util.spec_from_file_location("records", PROJECT / "tests" / "records.py")
assert _spec and _spec.loader
records: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(records)

README = documented("README.md")
SCHEDULE = documented("docs/schedule.md")
NIGHT = documented("docs/night.md")
SERVER, WORKER = "prefect server start", "prefect worker start"


def releases(root: Path) -> list[str]:
    """Return the versions that are listed, once everything that is published has been verified."""
    published = root / "published"
    assert exit_code(list(verify_store(published, []))) == 0
    return [release["version"] for release in json.loads((published / "releases.json").read_bytes())["releases"]]


@pytest.fixture(scope="module")
def deployed(team: Team, made_once: Path) -> Documented:
    """Deployments and a worker: first as the README says, then as the page on schedules does, so that somebody is told.

    Returns the README's last command, which has not been given yet.
    """
    team.start_warm(made_once)
    wait_for(team.warm.exists)
    team.environment.pop("CBRN_DATA_ALERT_URL")
    *first, last = README[2:]
    for one in first:
        output = team.follow(one)
        if one.command.endswith("flows.deploy"):
            assert output.splitlines() == one.prints
    return last


@pytest.fixture(scope="module")
def told(team: Team, deployed: Documented) -> None:
    """What the page on schedules says up to its first run."""
    for one in SCHEDULE[: SCHEDULE.index(first_run())]:
        output = team.follow(one)
        if one.command.endswith("flows.deploy"):
            assert output.splitlines() == one.prints


@pytest.fixture
def without_pages(team: Team) -> Iterator[None]:
    """Leave pages out of what the runs of a test publish."""
    leaves_out_pages(team.warm).touch()
    yield
    leaves_out_pages(team.warm).unlink()


def first_run() -> Documented:
    return next(one for one in SCHEDULE if "deployment run" in one.command)


def test_four_commands_lead_from_nothing_to_a_release(team: Team, api: Api, deployed: Documented) -> None:
    published = team.project / "published"
    assert not published.exists()
    team.follow(deployed)
    assert releases(team.project) == ["1.0.0"]

    run = api.newest("on-demand")
    assert (run["state_name"], run["state"]["message"]) == ("Completed", "Published 1.0.0")
    log = api.logs(run["id"], "Finished in state Completed('Published 1.0.0')")
    for source in sorted(path.name for path in (team.project / "raw").iterdir() if path.suffix != ".yaml"):
        assert f"Read raw/{source}: " in log
    assert "raw/central-asia-2025.txt:50: projects-named-differ: 10 projects" in log

    artifacts = api.artifacts(run["id"])
    kinds = {key: one["type"] for key, one in artifacts.items() if not key.startswith("progress-")}  # what lasts has a bar
    assert kinds == {"findings": "markdown", "release": "markdown"}
    assert "- [this release](https://cbrn-data.example/history/1.0.0.html)" in artifacts["release"]["data"]
    assert (published / "history" / "1.0.0.html").is_file()

    tasks = api.post("/task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}}, sort="EXPECTED_START_TIME_ASC")
    assert [task["name"] for task in tasks] == [
        "Read sources and definitions",
        "Check whether anything is new",
        "Build and check tables",
        "Stage, check and commit the release",
    ]


def test_runs_are_planned_for_the_nights_and_sundays_of_tashkent(api: Api, deployed: Documented) -> None:
    def planned(name: str) -> list[datetime]:
        wanted = {"deployments": {"name": {"any_": [name]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        found = api.wait(lambda: api.post("/flow_runs/filter", **wanted, sort="EXPECTED_START_TIME_ASC"))
        return [datetime.fromisoformat(run["expected_start_time"]).astimezone(ZoneInfo("Asia/Tashkent")) for run in found]

    nights, sundays, links = planned("nightly"), planned("weekly-audit"), planned("weekly-links")
    assert {(night.hour, night.minute) for night in nights} == {(2, 30)} and len(nights) >= 3
    assert {(day.isoweekday(), day.hour, day.minute) for day in sundays} == {(7, 4, 0)} and len(sundays) >= 3
    assert {(day.isoweekday(), day.hour, day.minute) for day in links} == {(7, 6, 0)} and len(links) >= 3
    assert nights[0] > datetime.now(UTC)


@pytest.mark.usefixtures("told")
def test_the_page_on_schedules_shows_publishes_audits_and_tells(team: Team, api: Api) -> None:
    """A dry run says what the nightly run then does, and the weekly audit holds it against its sources."""
    if not (team.project / "published").exists():
        api.ended(api.trigger("cbrn-data/on-demand"))
    add_leaflet(team.project, "central-asia-2026")
    before = tree(team.project / "published", hidden=False)
    dry, nightly, audit = SCHEDULE[SCHEDULE.index(first_run()) :]

    team.follow(dry)
    run = api.newest("on-demand")
    assert api.artifacts(run["id"])["release"]["data"].startswith("# Would publish 1.1.0\n")
    assert tree(team.project / "published", hidden=False) == before

    team.follow(nightly)
    assert api.newest("nightly")["state"]["message"] == "Published 1.1.0"
    message = team.messages.of("cbrn_data 1.1.0 was published")
    assert "https://cbrn-data.example/history/1.1.0.html" in message
    assert team.messages.paths == {f"/{team.messages.address.rpartition('/')[2]}"}

    team.follow(audit)
    run = api.newest("weekly-audit")
    assert run["state"]["message"] == "All checks passed."
    rows = json.loads(api.artifacts(run["id"])["audit"]["data"])
    assert {row["result"] for row in rows} == {"passed"}
    assert {row["of"] for row in rows if "rebuild" in row["check"].split(", ")} == {"1.0.0", "1.1.0"}


@pytest.mark.usefixtures("told", "without_pages")
def test_a_source_that_is_wrong_at_night_is_told_with_its_line_and_mended_the_same_run_is_good(team: Team, api: Api) -> None:
    """What the page for the night says, from the message to the second try."""
    text = leaflet("central-asia-2027")
    broken = text.replace("in February 2027 Project 113 held", "on 31 February 2027 Project 113 held")
    (line,) = [number for number, line in enumerate(broken.splitlines(), start=1) if "31 February" in line]
    place = f"raw/central-asia-2027.txt:{line}"
    if not (team.project / "published").exists():
        api.ended(api.trigger("cbrn-data/on-demand"))
    add_leaflet(team.project, "central-asia-2027", broken)
    before = tree(team.project / "published", hidden=False)

    run = api.ended(api.trigger("cbrn-data/nightly"))
    assert run["state_name"] == "Failed" and run["state"]["message"].startswith(f"nothing was published:\n{place}: ")
    assert f"{place}: " in api.logs(run["id"], "Finished in state Failed(")
    assert "Traceback" not in api.logs(run["id"])
    artifact = api.artifacts(run["id"])["findings"]
    reason, first, fix, *_ = artifact["data"].split("\n\n")
    assert reason == "# nothing was published" and first.startswith(f"**{place}**: ") and fix.startswith("What to do: ")
    assert artifact["description"].startswith(f"nothing was published: {place}: ")
    assert run["name"] == "publish 2026-11-22"
    assert tree(team.project / "published", hidden=False) == before
    message = team.messages.of("cbrn-data/nightly failed\n", place)
    assert f"{team.address}/runs/flow-run/{run['id']}\n" in message and "docs/night.md" in message

    logged, verify, plan, retry = NIGHT
    assert place in _unwrapped(team.follow(logged, ID=run["id"]))
    team.follow(verify)
    team.follow(plan, code=1)
    assert place in _unwrapped(team.printed[-1])

    add_leaflet(team.project, "central-asia-2027", text)
    team.follow(plan)
    team.follow(retry, ID=run["id"])
    api.wait(lambda: api.run(run["id"])["state_type"] == "COMPLETED")
    again = api.run(run["id"])
    assert again["run_count"] == 2 and again["state"]["message"].startswith("Published ")
    assert tree(team.project / "published", hidden=False) != before


def _unwrapped(printed: str) -> str:
    """Return what was printed without the breaks of lines and tables."""
    return re.sub(r"[\s│]+", "", printed)


@pytest.mark.usefixtures("told")
def test_a_page_that_is_gone_is_told_with_its_row(team: Team, api: Api) -> None:
    site, root = Site(), team.root("links")
    try:
        name_pages(root, f"http://localhost:{site.port}/there", f"{site.address}/410")
        run = api.ended(api.trigger("links/weekly-links", root=str(root)))
    finally:
        site.stop()
    said = f"raw/rows.csv:3: page-gone: url {site.address}/410 is gone: it answers 410 Gone"
    assert run["state_name"] == "Failed" and run["state"]["message"] == f"pages named in rows do not exist:\n{said}"
    findings = api.artifacts(run["id"])["findings"]["data"]
    assert "**raw/rows.csv:3**: " in findings and "archived" in findings and run["name"] == "links 2026-11-22"
    assert "2 pages checked: 1 there, 1 gone" in api.logs(run["id"], "Finished in state Failed(")
    assert "docs/night.md" in team.messages.of("links/weekly-links failed\n", said)


@pytest.mark.usefixtures("told", "without_pages")
def test_a_run_that_was_killed_is_told_and_the_next_one_takes_the_table_that_it_had_finished(team: Team, api: Api) -> None:
    """First its process is killed, then another's worker too, and nobody is left to say that it ended.

    The automation says it then, here after 10 seconds instead of 120, and gives its place back.
    """
    root = team.root("large")
    records.define(root)
    records.put(root, [records.row(number) for number in range(100_000, 102_000)])
    run = api.trigger("cbrn-data/nightly", root=str(root))
    process = api.wait(lambda: api.run(run)["infrastructure_pid"])
    wait_for(lambda: list(team.state.glob("cache/tables/*/trainings/*/record.json")))
    kill(process)
    assert api.ended(run)["state_name"] == "Crashed"
    assert not list(root.glob("published/releases/*"))
    api.wait(lambda: api.post("/task_runs/count", **running(run)) == 0)
    assert "docs/night.md" in team.messages.of("cbrn-data/nightly failed\nProcess exited with status code: -9", run)

    api.wait(lambda: [pool["status"] for pool in api.post("/work_pools/filter")] == ["READY"])
    run = api.trigger("cbrn-data/nightly", root=str(root))
    missed: dict[str, Any] = {"within": 10, "match": {"prefect.resource.id": f"prefect.flow-run.{run}"}}
    missed["after"] = ["prefect.flow-run.Running", "prefect.flow-run.heartbeat"]
    with (
        changed(api, "cbrn-data run is stale", 120, missed),
        changed(api, "cbrn-data has no worker", 90, {"within": 10}),
    ):
        process = api.wait(lambda: api.run(run)["infrastructure_pid"])
        api.wait(lambda: api.run(run)["state_name"] == "Running")
        assert team.worker
        kill(team.worker.pid, process)
        team.worker.wait()
        team.worker = None
        waiting = api.trigger("cbrn-data/on-demand", root=str(root))
        assert "docs/night.md" in team.messages.of("No worker runs cbrn_data")

        team.follow(next(one for one in SCHEDULE if one.command.startswith(WORKER)))
        ended = api.ended(run)
    assert ended["state_name"] == "Crashed"
    assert team.messages.of("cbrn-data/nightly failed\nThe run stopped without a report", run)

    next_one = api.ended(waiting)
    assert next_one["start_time"] >= ended["end_time"]
    assert next_one["state"]["message"] == "Published 1.0.0"
    assert "trainings: 2,000 rows, reused from an earlier run" in api.logs(waiting, "Finished in state Completed(")
    assert api.post("/task_runs/count", **running(run)) == 0
    assert releases(root) == ["1.0.0"]


def running(run: str) -> dict[str, Any]:
    """Return the filter of the tasks of a run that seem to run."""
    return {"flow_runs": {"id": {"any_": [run]}}, "task_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}


@contextmanager
def changed(api: Api, name: str, within: int, trigger: dict[str, Any]) -> Iterator[None]:
    """Change the trigger of an automation, which waits ``within`` seconds, so that it needs less patience."""
    (automation,) = api.post("/automations/filter", automations={"name": {"any_": [name]}})
    place: Any = {"path": "/automations/{id}", "path_params": {"id": automation["id"]}}
    known = {key: automation[key] for key in ("name", "description", "enabled", "actions", "trigger")}
    assert automation["trigger"]["within"] == within
    api.client.request("PUT", **place, json=known | {"trigger": automation["trigger"] | trigger})
    try:
        yield
    finally:
        api.client.request("PUT", **place, json=known)


@pytest.mark.usefixtures("told")
def test_secrets_stand_nowhere_and_of_two_runs_at_once_the_second_waits_and_finds_nothing_new(team: Team, api: Api) -> None:
    """Not even when the key itself is what a run fails for. Everything that the runs of this session left is looked at."""
    root = team.root("signed")
    team.key.chmod(0o644)
    failed = api.ended(api.trigger("cbrn-data/nightly", root=str(root)))
    team.key.chmod(0o600)
    assert "CBRN_DATA_SIGNING_KEY" in failed["state"]["message"] and "chmod 600" in failed["state"]["message"]
    both = [api.trigger("cbrn-data/nightly", root=str(root)), api.trigger("cbrn-data/on-demand", root=str(root))]
    signed, second = sorted((api.ended(run) for run in both), key=lambda run: run["start_time"])
    assert signed["state"]["message"] == "Published 1.0.0"
    assert second["state"]["message"] == "Nothing new: 1.0.0 already has this content"
    assert second["start_time"] >= signed["end_time"]
    assert (
        f"| Signed by | {signing_key(team.state, team.key).fingerprint[:16]}"
        in api.artifacts(signed["id"])["release"]["data"]
    )
    api.logs(failed["id"], "Finished in state Failed(")
    api.logs(signed["id"], "Finished in state Completed(")

    words = team.words()
    seen = {f"{place}: {json.dumps(found)}" for place, found in _everything(api)}
    seen |= {f"printed: {text}" for text in team.printed} | {f"message: {text}" for text in team.messages.texts}
    assert [text[:200] for text in seen if any(word in text.encode() for word in words)] == []
    files = [path for path in team.folder.rglob("*") if path.is_file() and _is_kept(team, path)]
    assert {"prefect.db", "releases.json", "report.json", "0.log"} <= {path.name for path in files}
    assert [path for path in files if any(word in path.read_bytes() for word in words)] == []


def _everything(api: Api) -> Iterator[tuple[str, Any]]:
    """Yield what the server tells of anything."""
    for place in "logs artifacts flow_runs task_runs deployments work_pools automations variables block_documents".split():
        found = api.all(f"/{place}/filter")
        assert found or place == "variables"
        yield place, found
    events = api.events("")
    assert {"cbrn-data.failed", "cbrn-data.published"} <= {event["event"] for event in events}
    yield "events", events


def _is_kept(team: Team, path: Path) -> bool:
    """Whether a file lasts and is not a secret itself; Prefect's own files of a run are its owner's, and go with it."""
    if any(part.startswith("prefect-workspace-attempt-") for part in path.parts):
        attempt = next(parent for parent in path.parents if parent.name.startswith("prefect-workspace-attempt-"))
        assert attempt.stat().st_mode & 0o077 == 0
        return False
    return path != team.key and ".venv" not in path.parts


def test_each_message_that_the_page_for_the_night_explains_is_one_that_we_send() -> None:
    rows = re.findall(r"(?m)^\| (`.*?) \|", (PROJECT / "docs" / "night.md").read_text(encoding="utf-8"))
    words = [word for row in rows for word in re.findall("`(.*?)`", row)]
    ours = [
        path for folder in ("src", "flows") for path in (PROJECT / folder).rglob("*.*") if path.suffix in (".py", ".yaml")
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in ours)
    prefects = {"Process exited with status code: -9"}  # what the killed run above is told with
    assert [word for word in words if word not in code] == sorted(prefects)
