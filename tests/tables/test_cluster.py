"""Tables of records made in parts, and by real workers of which one dies: the same bytes as in one go."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cbrn_data import pipeline, spread
from cbrn_data import settings as project_settings
from cbrn_data.checks import evidence
from cbrn_data.errors import CbrnDataError, MachineError
from cbrn_data.progress import Observer, Step, observed
from cbrn_data.schema import parts as schema_parts
from cbrn_data.schema.bulk import BulkReading, begin
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.parts import Edges
from cbrn_data.schema.table import Tables, table_of_rows
from cbrn_data.settings import Settings
from cbrn_data.sources.source import Source, read_sources
from cbrn_data.tables import cluster
from cbrn_data.tables.bulk import BulkTable, parted_table, write_bulk
from cbrn_data.tables.cluster import Cluster
from cbrn_data.tables.parts import Job, join, make_parts, next_cut
from cbrn_data.tabular.pieces import NotCutError, record_start
from tests import records
from tests.cli.conftest import run
from tests.conftest import PROJECT, free_port

pytestmark = pytest.mark.usefixtures("without_pages")

LINES: list[Callable[[int], str]] = [
    lambda n: records.row(n),
    lambda n: records.row(n, title='two\nlines, "quoted"'),
    lambda n: records.row(n, title="crossing\r\nit"),
    lambda n: records.row(n, title="with\ra return"),
    lambda n: records.row(n, people="none"),
    lambda n: records.row(n, project="P999"),
    lambda n: records.row(n, start="2024-06-01"),
    lambda n: f"t-{n:04d},too,few",
    lambda n: records.row(n, id="t-0000"),
    lambda n: f't-{n:04d},a "mark" within,P101,1,2024-05-21,2024-05-22',
    lambda n: records.row(n, id=""),
    lambda n: f't-{n:04d},5" pipe,P101,1,2024-05-21,2024-05-22',
]
"""Good rows, and rows that are wrong in several ways."""


def projects(package: Package) -> Tables:
    return {"projects": table_of_rows(package.tables["projects"], [{"project_id": "P101"}])}


def in_ranges(source: Source, package: Package, folder: Path, size: int) -> BulkTable:
    """Make a table in ranges, each apart from the others, last first."""
    table, path = package.tables["trainings"], source.path
    assert path
    reading = BulkReading(table)
    whole = begin(path, reading)
    assert whole
    end = whole.start + whole.size
    job = Job(path, whole, table, known_keys(table, projects(package)), folder, reading.repeats)
    bounds = sorted({whole.start, *(next_cut(job, place) for place in range(whole.start + size, end, size)), end})
    made = [make_parts(job, bound) for bound in reversed(list(pairwise(bounds)))][::-1]
    return parted_table(source, reading, join(made, reading, whole.line))


def told(made: BulkTable) -> tuple[object, ...]:
    parts = [(part.described(), part.file.path.read_bytes()) for part in made.table.parts]
    return parts, made.table.count, made.table.rows, made.evidence, made.findings, made.quarantined


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parts")
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    (root / "raw").mkdir()
    records.define(root)
    return root


@pytest.fixture(scope="module")
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema_parts, "LEAST", 150)
        yield


@pytest.mark.usefixtures("small_parts")
@examples(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=60), st.integers(200, 1500), *(st.booleans() for _ in range(3)))
def test_in_ranges_or_in_one_go_is_the_same(
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[Any],
    size: int,
    aside: bool,
    ended: bool,
    unique: bool,
) -> None:
    (root / "schemas/trainings.yaml").write_text(records.UNIQUE if unique else records.DEFINITION, encoding="utf-8")
    rows = [kind(number) for number, kind in enumerate(kinds, start=1)]
    path = records.put(root, rows, on_error="quarantine" if aside else "reject")
    if not ended:
        path.write_bytes(path.read_bytes()[:-1])
        sidecar = path.with_name("trainings.csv.yaml")
        text = sidecar.read_text(encoding="utf-8")
        sidecar.write_text(
            "\n".join(
                f"sha256: {sha256(path.read_bytes()).hexdigest()}" if line.startswith("sha256:")
                else f"bytes: {path.stat().st_size}" if line.startswith("bytes:") else line
                for line in text.splitlines()
            ) + "\n", encoding="utf-8",
        )  # fmt: skip
    package = replace(read_package(root / "schemas"), parted=frozenset(["trainings"]))
    sources, findings = read_sources(root / "raw")
    assert not findings
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    whole = write_bulk(sources[0], package, projects(package), one)
    try:
        made = in_ranges(sources[0], package, other, size)
    except NotCutError:
        return  # Left whole: the caller makes it in one go.
    assert told(made) == told(whole)


PLAIN = LINES[:3]


@pytest.mark.parametrize("kinds", [PLAIN[:1], PLAIN[:2], [PLAIN[0], LINES[4]]])
def test_ranges_are_made_where_no_mark_is_misplaced(
    root: Path, tmp_path: Path, kinds: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_parts, "LEAST", 300)
    rows = [kinds[number % 7 % len(kinds)](number) for number in range(1, 800)]
    records.put(root, rows, on_error="quarantine")
    package = replace(read_package(root / "schemas"), parted=frozenset(["trainings"]))
    (source, *_) = read_sources(root / "raw")[0]
    (tmp_path / "one").mkdir()
    whole = write_bulk(source, package, projects(package), tmp_path / "one")
    made = in_ranges(source, package, tmp_path, 3000)
    assert told(made) == told(whole)
    assert len({part.file.path.parent for part in made.table.parts}) > 10


@pytest.mark.parametrize(("text", "begins"), [
    ("b,2\nc,3\n", "c,3\n"),
    ('b","x\ny",2\nc,3\n', "c,3\n"),
    ('e\nb",2\nc,3\n', "c,3\n"),
    ('e "" b",2\nc,3\n', "c,3\n"),
    ("b,2", ""),
])  # fmt: skip
def test_a_record_is_found_by_the_marks_that_follow(tmp_path: Path, text: str, begins: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"before{text}")
    with path.open("rb") as file:
        assert path.read_text()[record_start(file, 6) :] == begins


@pytest.mark.parametrize(("before", "after"), [("t-0100", "t-0100"), ("t-0200", "t-0100")])
def test_keys_out_of_order_from_one_range_to_the_next_are_not_joined(
    root: Path, tmp_path: Path, before: str, after: str
) -> None:
    path = records.put(root, [records.row(1, id=before), records.row(2, id=after)])
    package = read_package(root / "schemas")
    table = package.tables["trainings"]
    reading = BulkReading(table)
    whole = begin(path, reading)
    assert whole
    job = Job(path, whole, table, known_keys(table, projects(package)), tmp_path, reading.repeats)
    cut = whole.start + path.read_bytes()[whole.start :].index(b"\n") + 1
    made = [make_parts(job, bounds) for bounds in pairwise((whole.start, cut, whole.start + whole.size))]
    made = [replace(each, edges=Edges(schema_parts.LEAST, 5 - place, 9, 9)) for place, each in enumerate(made)]
    with pytest.raises(NotCutError, match="comes after"):
        join(made, BulkReading(table), whole.line)


@pytest.mark.parametrize("edges", [Edges(2000, 5, 9, 9), Edges(2000, 4, 3, 9), Edges(999, 4, 9, 9)])
def test_a_range_that_does_not_begin_with_a_part_is_not_joined(edges: Edges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_parts, "LEAST", 1000)
    assert Edges(2000, 4, 9, 9).follow(before := Edges(2000, 1, 9, 5))
    assert not edges.follow(before)


Start = Callable[[], subprocess.Popen[bytes]]
Scheduler = tuple[str, Start, subprocess.Popen[bytes]]
LEAST = 1000
"""The least bytes of a part, in this process and in the workers."""


def publish(project: Path, published: Path, scheduler: str | None = None) -> None:
    """Publish in parts; with a scheduler no row is read in this process."""
    settings = Settings(project, published, parts_above=0)
    with pytest.MonkeyPatch.context() as patch, pipeline.bulk_writer(scheduler) as write:
        patch.setattr(schema_parts, "LEAST", LEAST)
        if scheduler:
            patch.setattr(spread, "PIECE", 1 << 13)
            for module, name in ((cluster, "write_bulk"), (evidence, "read_records"), (evidence, "_read_others")):
                patch.setattr(module, name, None)
        built = pipeline.build(pipeline.gather(settings), write)
        pipeline.publish(built, pipeline.open_store(settings), "2026-11-22")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """A scheduler and a worker as processes on loopback: its address, what starts another worker, and the process.

    Each worker has one thread and no nanny to restart it.
    """
    folder = tmp_path_factory.mktemp("dask")
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    pythonpath = os.pathsep.join([str(PROJECT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = dict(os.environ, PYTHONPATH=pythonpath, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="3")
    log = (folder / "log").open("wb")
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder))
        return running[-1]

    first = start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    (folder / "small.py").write_text(f"from cbrn_data.schema import parts\nparts.LEAST = {LEAST}\n")
    common = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder))
    worker = partial(start, "dask_worker", address, *common, "--preload", str(folder / "small.py"))
    worker()
    wait_for_workers(address, 1)
    yield address, worker, first
    for process in reversed(running):
        process.kill()
        process.wait()
    log.close()


def wait_for_workers(address: str, number: int) -> None:
    from distributed import Client

    with Client(address, timeout=300, set_as_default=False) as client:
        client.wait_for_workers(number, timeout=300)


@pytest.mark.slow
def test_a_worker_that_dies_changes_nothing(project: Path, tmp_path: Path, scheduler: Scheduler) -> None:
    address, start, _ = scheduler
    first = start()
    wait_for_workers(address, 2)
    records.define(project)
    records.put(project, [records.row(number, id=f"t-{number:07d}", title='two\n"lines"') for number in range(2_000)])
    publish(project, tmp_path / "alone")
    dead: list[float] = []

    class Killing(Observer):
        """Kills a worker as soon as the first part is there."""

        def show(self, step: Step) -> None:
            if step.name == "Build trainings" and step.share and not dead:
                assert step.share < 0.5
                first.send_signal(signal.SIGKILL)
                first.wait()
                dead.append(step.share)

    with observed(Killing()):
        publish(project, tmp_path / "together", address)
    assert dead
    assert _files(tmp_path / "together") == _files(tmp_path / "alone")


@pytest.mark.slow
def test_the_command(project: Path, scheduler: Scheduler) -> None:
    records.define(project, records.UNIQUE)
    records.put(project, [records.row(number) for number in range(1, 1500)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema_parts, "LEAST", LEAST)
        patch.setattr(project_settings, "PARTS_ABOVE", 0)
        patch.setattr(spread, "PIECE", 10_000)
        patch.setattr(cluster, "write_bulk", None)
        done = run("publish", "--root", project, "--runner", "dask", "--scheduler", scheduler[0], "--json")
        assert done.code == 0, done.err
        assert done.json["published"]
        patch.setattr(evidence, "read_records", None)  # no row is read in this process
        assert run("verify", project / "published", "--scheduler", scheduler[0]).code == 0


def test_a_worker_with_other_code_is_refused(scheduler: Scheduler) -> None:
    with pytest.raises(CbrnDataError, match="runs another version of the code"):
        _ = Cluster(scheduler[0], os.getpid)._client


@pytest.mark.slow
def test_a_scheduler_that_is_lost_is_told(project: Path, scheduler: Scheduler) -> None:
    """This is the last test that needs it."""
    address, _, process = scheduler
    records.define(project)
    records.put(project, [records.row(number, title='two\n"lines"') for number in range(1, 6_000)])

    class Killing(Observer):
        """Kills the scheduler as soon as the first part is there."""

        def show(self, step: Step) -> None:
            if step.name == "Build trainings" and step.share:
                process.kill()

    with observed(Killing()), pytest.raises(MachineError, match="Build trainings: a worker failed"):
        publish(project, project / "published", address)
    assert not (project / "published" / "releases").exists()


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    with pytest.raises(CbrnDataError, match="no scheduler answers"):
        _ = Cluster("tcp://127.0.0.1:1", os.getpid)._client


def test_a_scheduler_that_is_dead_costs_nothing_where_no_table_needs_it(project: Path, tmp_path: Path) -> None:
    records.define(project)
    records.put(project, [records.row(1)])
    (project / "cbrn-data.toml").write_text('[cluster]\nscheduler = "tcp://127.0.0.1:1"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)  # not even imported
        assert run("plan", "--root", project, "--json").json["news"]
    done = run("publish", "--root", project, "--runner", "dask", "--scheduler", "nonsense")
    assert done.code == 2 and "is not the address of a scheduler" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--runner", "dask"], "--runner dask needs a scheduler"),
        (["--runner", "local", "--scheduler", "tcp://127.0.0.1:1"], "--runner local uses no scheduler"),
        (["--runner", "spark"], "--runner is 'spark'; it must be local or dask"),
    ],
)
def test_options_that_do_not_fit(project: Path, options: list[str], said: str) -> None:
    done = run("publish", "--root", project, *options)
    assert done.code == 2 and said in done.err


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
