"""The flows on a real Prefect server: they publish what the command line publishes, and a failed gate is a failed run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from prefect.states import exception_to_failed_state

from cbrn_data import pipeline as library
from cbrn_data.errors import GateError, ReleaseError, SourceError
from cbrn_data.settings import Settings
from flows.ingest import ingest
from flows.pipeline import main, pipeline
from flows.publish import _is_the_store, publish
from flows.validate import validate

EPOCH, DAY = "1795305600", "2026-11-22"
WORDS = ("KazToxBase", "National Institute of Health of Pakistan", "Border Control for CBRN")
"""Words of the leaflet that no finding quotes."""


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every release of these tests has one date."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def artifacts(key: str) -> dict[str, Any]:
    """The data of everything that runs have left under a key, read back from the server."""
    wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 200}
    with get_client(sync_client=True) as client:
        found = client.request("POST", "/artifacts/filter", json=wanted).json()
    return {artifact["id"]: artifact["data"] for artifact in found}


def state_on_server(run: UUID) -> str:
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(run).state
    assert found is not None
    return found.type.value


def newest(before: dict[str, Any], key: str) -> Any:
    (found,) = [artifact for number, artifact in artifacts(key).items() if number not in before]
    return found


def test_the_chain_publishes_the_bytes_that_the_command_line_publishes(project: Path, tmp_path: Path) -> None:
    findings, releases = artifacts("findings"), artifacts("release")
    state = pipeline(str(project), str(tmp_path / "flow"), return_state=True)
    assert state.is_completed() and state_on_server(state.state_details.flow_run_id) == "COMPLETED"

    settings = Settings(project, tmp_path / "library")
    library.publish(library.build(library.gather(settings)), library.open_store(settings), DAY)
    assert tree(tmp_path / "flow") == tree(tmp_path / "library")

    (row,) = json.loads(newest(findings, "findings"))
    assert (row["severity"], row["code"], row["place"]) == (
        "warning",
        "projects-named-differ",
        "raw/central-asia-2025.txt:50",
    )
    shown = newest(releases, "release")
    assert shown.startswith("# Published 1.0.0\n") and "| Regions | Central Asia (Tashkent) |" in shown


def test_nothing_new_publishes_nothing_and_says_so(project: Path) -> None:
    assert pipeline(str(project)) == "1.0.0"
    before, releases = tree(project / "published"), artifacts("release")
    assert pipeline(str(project)) == "1.0.0"
    assert tree(project / "published") == before
    shown = newest(releases, "release")
    assert shown.startswith("# Nothing new: 1.0.0 has this content already\n")


def test_a_broken_source_is_a_failed_run_that_shows_file_and_line_and_mended_it_publishes(project: Path) -> None:
    leaflet, sidecar = project / "raw/central-asia-2026.txt", project / "raw/central-asia-2026.txt.yaml"
    text = (Path(__file__).parent.parent / "leaflets/central-asia-2026.txt").read_text(encoding="utf-8")
    broken = text.replace("On 14–15 April 2026", "On 31 April 2026")
    assert broken != text
    assert pipeline(str(project)) == "1.0.0"
    before, findings = tree(project / "published"), artifacts("findings")

    write_source(leaflet, sidecar, broken)
    state = pipeline(str(project), return_state=True)
    assert state.is_failed() and state_on_server(state.state_details.flow_run_id) == "FAILED"
    with pytest.raises((GateError, SourceError)):
        state.result()
    rows = json.loads(newest(findings, "findings"))
    line = next(number for number, line in enumerate(broken.splitlines(), start=1) if "31 April" in line)
    assert [(row["code"], row["place"]) for row in rows if row["severity"] == "error"] == [
        ("date-impossible", f"raw/central-asia-2026.txt:{line}")
    ]
    assert tree(project / "published") == before

    write_source(leaflet, sidecar, text)
    assert pipeline(str(project)) == "1.1.0"


def write_source(leaflet: Path, sidecar: Path, text: str) -> None:
    """Put a leaflet and its sidecar under raw/, whatever it says."""
    from cbrn_data.intake import sidecar_text

    entry = {"id": leaflet.stem, "kind": "leaflet", "title": "Leaflet", "publisher": "Secretariat"}
    entry |= {"region": "central-asia", "edition": "2026", "url": None, "retrieved_on": DAY, "licence": None}
    leaflet.write_text(text, encoding="utf-8")
    sidecar.write_bytes(sidecar_text(entry, leaflet.read_bytes()))


def test_a_changed_byte_fails_the_flow_that_ingests(project: Path) -> None:
    before = artifacts("findings")
    with (project / "raw/projects.csv").open("a", encoding="utf-8") as stream:
        stream.write("P1,1\n")
    assert ingest(str(project), return_state=True).is_failed()
    (row,) = json.loads(newest(before, "findings"))
    assert (row["code"], row["place"]) == ("source-changed", "raw/projects.csv")
    assert not (project / "published").exists()


def test_each_flow_runs_alone(project: Path) -> None:
    assert {source.source_id for source in ingest(str(project)).value.sources} >= {"central-asia-2025", "projects"}
    assert validate(root=str(project)).value.content.digest
    assert not (project / "published").exists()
    assert publish(root=str(project)) == "1.0.0"


def test_the_command_shows_what_is_published(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    main()
    assert "Release       1.0.0 of 2026-11-22" in capsys.readouterr().out
    with (project / "raw/projects.csv").open("a", encoding="utf-8") as stream:
        stream.write("P1,1\n")
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "source-changed" in capsys.readouterr().err


def test_only_what_can_pass_is_tried_again() -> None:
    async def answer(error: Exception) -> bool:
        return await _is_the_store(None, None, await exception_to_failed_state(error))  # type: ignore[arg-type]

    assert asyncio.run(answer(ReleaseError("another publisher is at work")))
    assert not asyncio.run(answer(GateError("the release does not pass its checks")))
    assert not asyncio.run(answer(RuntimeError("a fault of ours")))


def test_no_source_text_is_stored_on_the_server(project: Path) -> None:
    assert pipeline(str(project)) == "1.0.0"
    with get_client(sync_client=True) as client:
        runs = client.request("POST", "/flow_runs/filter", json={"limit": 200}).json()
    assert len(runs) >= 4
    stored = json.dumps([run["parameters"] for run in runs])
    assert str(project) in stored and [word for word in WORDS if word in stored] == []
    database = Path(str(PREFECT_API_DATABASE_CONNECTION_URL.value()).partition("///")[2])
    for file in database.parent.glob(f"{database.name}*"):
        data = file.read_bytes()
        assert [word for word in WORDS if word.encode() in data] == []
    assert database.is_file()
