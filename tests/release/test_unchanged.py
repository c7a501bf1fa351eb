"""Publishing again where nothing changed: known by digests, as a whole run would say it, and by no library of tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.release import unchanged
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from tests.cli.conftest import Done, edit, run
from tests.conftest import PROJECT
from tests.trees import tree

DAY = 86400


@pytest.fixture
def whole_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One entry for each run that read the sources."""
    runs: list[int] = []
    gather = pipeline.gather
    monkeypatch.setattr(pipeline, "gather", lambda settings: runs.append(1) or gather(settings))  # type: ignore[func-returns-value]
    yield runs


@pytest.mark.usefixtures("without_pages")
def test_what_a_run_without_changes_said_is_said_again_until_anything_changes(
    project: Path, state: Path, whole_runs: list[int]
) -> None:
    def publish(*options: str, day: int = 0, **environment: str) -> tuple[Done, int]:
        before = len(whole_runs)
        done = run("publish", "--root", project, *options, SOURCE_DATE_EPOCH=str(1795305600 + day * DAY), **environment)
        return done, len(whole_runs) - before

    published = project / "published"
    assert publish()[0].out.startswith("Published 1.0.0.\n")
    said, runs = publish()
    assert runs == 1 and said.out.startswith("Nothing new: 1.0.0 already has this content.\n")
    before = tree(published)
    assert publish() == (said, 0) and tree(published) == before
    assert publish("--json") == (publish("--json")[0], 0)
    # metadata of 30 days are renewed when half of their time is over
    assert (publish(day=15)[1], publish(day=16)[1]) == (0, 1)
    assert tree(published) != before
    assert (publish(day=16)[1], publish(day=16)[1]) == (1, 0)

    (record,) = [one for one in (state / "cache" / "unchanged").glob("*.json") if str(published) in one.read_text()]

    def changed(what: Callable[[], object]) -> None:
        """Expect a whole run after a change; what it says without one is known again afterwards."""
        what()
        assert publish(day=16)[1] == 1
        publish(day=16)
        assert publish(day=16)[1] == 0

    page, sums = published / "robots.txt", published / "releases/1.0.0/SHA256SUMS"
    changed(lambda: page.write_bytes(page.read_bytes() + b"\n"))
    changed((published / "latest/projects.csv").unlink)
    changed((published / ".staging-0").mkdir)
    changed(lambda: (published / "latest/more.csv").write_text("more\n"))
    changed((published / "compare.html").touch)
    changed(lambda: (project / "raw/.note").write_text("note\n"))
    changed((project / "raw/.note").unlink)
    changed(lambda: (project / "cbrn-data.toml").write_text("[guard]\nrows_lost = 20\n"))
    changed(lambda: record.write_bytes(record.read_bytes().replace(b"Nothing", b"Something").replace(b"1.0.0", b"1.0.1")))
    changed(lambda: record.write_text("{}\n"))
    assert publish("--at-least", "minor", day=16)[1] == 1
    sums.write_bytes(sums.read_bytes().replace(b"projects.csv", b"projectz.csv"))
    done, runs = publish(day=16)
    assert (done.code, runs) == (2, 1) and "SHA256SUMS" in done.err


@pytest.mark.usefixtures("without_pages")
def test_other_code_another_library_and_another_input_are_noticed(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(project, project / "published")
    first = unchanged.inputs(settings)
    assert first and first == unchanged.inputs(settings)
    found: set[str | None] = {first}
    edit(project, "project_countries.csv", lambda text: text.replace(",high", ",medium", 1))
    found.add(unchanged.inputs(settings))
    (tmp_path / "other-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    found.add(unchanged.inputs(settings))
    monkeypatch.setattr(unchanged, "PACKAGE", project / "schemas")
    found.add(unchanged.inputs(settings))
    assert len(found) == 4
    os.mkfifo(project / "raw" / "pipe")
    assert unchanged.inputs(settings) is None


@pytest.mark.usefixtures("without_pages")
def test_a_large_source_is_read_once_and_its_bytes_decide(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, digest, read = project / "raw/projects.csv", disk.digest, list[Path]()
    monkeypatch.setattr(unchanged, "LARGE", source.stat().st_size)
    monkeypatch.setattr(disk, "digest", lambda path, *below: read.append(path) or digest(path, *below))  # type: ignore[func-returns-value]

    def publish() -> tuple[int, int]:
        """Return the exit code, and how often the digest of the source was taken to know that nothing is new."""
        read.clear()
        return run("publish", "--root", project).code, read.count(source)

    assert [publish(), publish(), publish()] == [(0, 0), (0, 0), (0, 1)]
    data, times = source.read_bytes(), source.stat()
    source.write_bytes(data.replace(b"P101", b"P102", 1))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert publish() == (1, 1)
    source.write_bytes(data)
    assert publish() == (0, 1)


def test_a_run_without_changes_imports_no_library_of_tables(project: Path) -> None:
    """Also no validator, and nothing that makes pages or signs. The run that finds nothing new is such a process too."""
    assert run("publish", "--root", project, COLUMNS="80").code == 0
    code = "import json, sys; from cbrn_data.cli import main; main(); json.dump(sorted(sys.modules), sys.stderr)"
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1795305600", "COLUMNS": "80", "PYTHONPATH": str(PROJECT / "src")}
    command = [sys.executable, "-c", code, "publish", "--root", str(project)]
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("Nothing new: 1.0.0")
    modules = json.loads(done.stderr.splitlines()[-1])
    heavy = {"pandas", "numpy", "pyarrow", "pandera", "frictionless", "pydantic", "jinja2", "tuf", "cryptography", "rdflib"}
    assert not heavy.intersection(modules)
