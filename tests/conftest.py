"""What several suites need: small projects, the releases that they and the real sources give, and where each test runs."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from filelock import FileLock

from cbrn_data import pipeline
from cbrn_data.garbage import collect_rarely
from cbrn_data.kept import keeping
from cbrn_data.release.code import code_version, exports_version, pages_version
from cbrn_data.settings import Settings
from cbrn_data.signing.keys import make_local_key
from tests.remember import remember
from tests.warm import command

PROJECT = Path(__file__).parent.parent
CURATED = PROJECT / "tests" / "curated"
"""Few rows of curated tables, of one region, so that tests are fast and no new fact breaks them."""

collect_rarely()
MEMORY = Path("/dev/shm")
ROOM = 4 << 30

if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = str(MEMORY)  # a disk takes longer for thousands of small files than the tests do
    tempfile.tempdir = None

hypothesis.settings.register_profile("no-clock", deadline=None, max_examples=50)
hypothesis.settings.load_profile("no-clock")

FIRST = (
    "flows/",
    "store/test_store_crash.py",
    "portal/",
    "tables/test_cluster.py",
    "test_reproducible.py",
    "push/",
    "docs/",
    "verify/test_cut_short.py",
    "leaflet/test_hostile.py",
)
"""What takes long starts first, so that no worker is left with it at the end, and what forks while processes are small.
A folder here is one group."""

SPREAD = (
    "leaflet/test_hostile.py",
    "store/test_store_crash.py",
    "test_bad.py",
    "verify/test_cut_short.py",
    "verify/test_remote.py",
    "verify/test_tamper.py",
)
"""Files whose tests share nothing costly: any worker takes any of their tests."""

SLOW = (
    "catalogue/",
    "checks/test_folded.py",
    "agents/",
    "checks/test_refused.py",
    "cli/test_commands.py",
    "cli/test_doctor.py",
    "cli/test_editions.py",
    "cli/test_extras.py",
    "cli/test_links.py",
    "cli/test_progress.py::test_a_log_has_a_line",
    "cli/test_refusals.py",
    "client/",
    "containers/test_image.py::test_every_setting",
    "containers/test_web.py",
    "docs/test_left_out.py",
    "docs/test_pages.py",
    "documents/test_limits.py",
    "documents/test_pdf.py::test_printed_leaflets",
    "flows/",
    "leaflet/test_any_text.py",
    "leaflet/test_foreign.py",
    "leaflet/test_hostile.py",
    "leaflet/test_mutations.py",
    "leaflet/test_reading.py::test_a_leaflet_and_its_reading_file",
    "leaflet/test_reading.py::test_a_reading_file_is_ours",
    "leaflet/test_variants.py",
    "normalise/test_grammar.py",
    "portal/",
    "push/",
    "release/test_approval.py",
    "release/test_committed.py",
    "release/test_content.py",
    "release/test_delta.py",
    "release/test_gate.py",
    "release/test_guard.py::test_a_source_cut",
    "release/test_notes.py::test_no_source_text",
    "release/test_parts.py::test_a_kill",
    "release/test_trace.py",
    "release/test_unchanged.py",
    "review/",
    "scaffold/test_project.py",
    "signing/test_others.py",
    "sources/test_add_tables.py",
    "sources/test_update.py",
    "store/test_store.py::test_publishers",
    "store/test_store.py::test_the_lock_of_a_live",
    "store/test_store_crash.py",
    "tables/test_cache.py",
    "tables/test_cluster.py",
    "tables/test_curated.py",
    "tables/test_editions.py",
    "tables/test_records.py",
    "tables/test_replaced.py",
    "tabular/test_json_schema.py::test_a_value_that_doubles",
    "tabular/test_kind.py::test_a_fast_way",
    "tabular/test_oracle",
    "tabular/test_patterns.py::test_a_pattern_matches_whole",
    "test_bad.py",
    "test_deadline.py",
    "test_isolated.py",
    "test_reproducible.py",
    "verify/",
)
"""What needs a server, a browser, many publications or examples: marked ``slow``, and left out by ``make quick``."""

COSTLY = {"published", "regions", "history", "three", "three_releases", "warm"}
"""Fixtures that take long to make, so that every test which needs one is slow too."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what is slow as a whole where only the rest is asked for."""
    name = collection_path.as_posix().partition("/tests/")[2]
    slow = name in SLOW or f"{name}/" in SLOW
    return True if slow and config.option.markexpr == "not slow" else None


IS_FRESH = not list(Path(cache_from_source(str(PROJECT / "tests/verify/conftest.py"))).parent.glob("test_*.pyc"))
"""Whether nothing is compiled yet, as in a new clone."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker whether the tests were fresh before the first of them began."""
    node.workerinput["is_fresh"] = IS_FRESH


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """In a new clone, let one worker import and so compile everything first: each would do it again for itself."""
    given = getattr(session.config, "workerinput", {})
    compiled = Path(session.config.option.basetemp or "").parent / "compiled"
    is_first = given.get("workerid") == "gw0"
    while given.get("is_fresh") and not is_first and not compiled.exists():
        time.sleep(0.1)
    try:
        return (yield)
    finally:
        if is_first:
            compiled.touch()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[object], list[object]]:
    """Look for doctests in ``src/`` only: no test has any, and looking through 5,000 takes long."""
    return [one for one in (yield) if not isinstance(one, DoctestModule)]


@cache
def placed(path: Path) -> tuple[str, int]:
    """Return the name of a file below ``tests/``, and its place in ``FIRST``."""
    name = path.as_posix().partition("/tests/")[2]
    return name, next((number for number, first in enumerate(FIRST) if name.startswith(first)), len(FIRST))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests, and give each file (or folder of ``FIRST``) to one worker, so that what it shares is made once."""
    for item in items:
        name, first = placed(item.path)
        if f"{name}::{item.name}".startswith(SLOW) or COSTLY.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
        if name not in SPREAD:
            item.add_marker(pytest.mark.xdist_group(f"first {first}" if first < len(FIRST) else name))
    items.sort(key=lambda item: placed(item.path)[1])


def pytest_collection_finish() -> None:
    """Leave out what every test has in common, such as imported modules, wherever objects without a reference are sought."""
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their argument: they may hold a time or a key, and all workers must see the same names."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return a folder by its name; the first worker that asks makes it, the others wait. To be read, never changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        with FileLock(shared / f"{name}.lock"):
            if not (shared / name).exists():
                making = tmp_path_factory.mktemp(name)
                make(making)
                making.rename(shared / name)
        return shared / name

    return made


def make_state(folder: Path) -> None:
    """Make a key, and find out which files of this package shape releases and pages: each worker would."""
    make_local_key(folder)
    with keeping(folder / "cache" / "code", None):
        code_version(), pages_version(), exports_version()


@pytest.fixture(scope="session", autouse=True)
def state(once: Once, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of the tests' own, with one key for all workers: no test uses the key of whoever runs it."""
    folder = Path(shutil.copytree(once("state", make_state), tmp_path_factory.mktemp("state"), dirs_exist_ok=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CBRN_DATA_STATE", str(folder))
        for name in ("CBRN_DATA_SIGNING_KEY", "CBRN_DATA_TRUSTED_KEYS", "CBRN_DATA_BASE_URL"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(scope="session")
def made_once(once: Once) -> Path:
    """Where ``remember`` keeps what it knows."""
    return once("remembered", lambda folder: None)


@pytest.fixture(scope="session", autouse=True)
def remembered(made_once: Path) -> Iterator[None]:
    """Make pages, catalogues and pictures of the same releases once."""
    with pytest.MonkeyPatch.context() as patch:
        remember(patch, made_once)
        yield


@contextlib.contextmanager
def pages_left_out() -> Iterator[None]:
    """Publish without pages, where they are not what is tested and no release is like another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "pages", lambda releases, base_url: {})
        yield


@pytest.fixture
def without_pages() -> Iterator[None]:
    """Leave pages out of every publication of a test."""
    with pages_left_out():
        yield


@pytest.fixture(scope="session")
def warm(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a program ``cbrn-data`` that starts at once."""
    folder = tmp_path_factory.mktemp("warm")
    address = folder / "socket"
    server = subprocess.Popen([sys.executable, "-m", "tests.warm", "command", str(address), str(made_once)], cwd=PROJECT)
    while not address.exists():
        assert server.poll() is None
        time.sleep(0.05)
    command(folder / "cbrn-data", address)
    yield folder
    server.kill()
    server.wait()


def free_port() -> int:
    """Return a free port of this computer, below those that systems give away: nobody else gets it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port


def copy_sources(target: Path) -> Path:
    """Put a small project into ``target``, which may be there: one real leaflet, the countries, and ``CURATED``."""
    shutil.copytree(PROJECT / "schemas", target / "schemas")
    shutil.copytree(CURATED, target / "raw")
    for name in ("central-asia-2025.txt", "countries.csv"):
        for file in (name, f"{name}.yaml"):
            shutil.copy2(PROJECT / "raw" / file, target / "raw" / file)
    return target


@pytest.fixture(scope="session")
def regions(once: Once, state: Path) -> Path:
    """A ``published/`` of eight regions, some with two editions, over three releases; the middle one is withdrawn.

    One leaflet is a PDF of two pages. No pages are made.
    """
    from tests.cli.conftest import run
    from tests.printed import printed

    def make(folder: Path) -> None:
        root = copy_sources(folder / "root")
        leaflets = sorted((PROJECT / "tests" / "leaflets").glob("*-202[56].txt"))
        with pages_left_out():
            for day, edition in enumerate(("", "2025", "2026")):
                for leaflet in leaflets:
                    if leaflet.stem == "african-atlantic-facade-2026":
                        text, leaflet = leaflet.read_text(encoding="utf-8"), folder / f"{leaflet.stem}.pdf"
                        leaflet.write_bytes(printed(text))
                    if edition and leaflet.stem.endswith(edition) and leaflet.stem != "central-asia-2025":
                        assert run("add", leaflet, "--root", root).code == 0
                done = run("publish", "--root", root, SOURCE_DATE_EPOCH=str(1795305600 + day * 86400))
                assert done.code == 0, done.err
            reason = "The leaflets of seven regions were drafts; the editions of 2026 replace them."
            assert run("withdraw", "1.1.0", "--reason", reason, "--root", root, SOURCE_DATE_EPOCH="1795651200").code == 0

    return once("regions", make) / "root" / "published"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A root of its own with the small project of ``copy_sources``, where nothing is published yet."""
    return copy_sources(tmp_path / "project")


@pytest.fixture(scope="session")
def small(once: Once, state: Path) -> Path:
    """A ``published/`` with the first release of the small project, without pages; to be read, never changed."""
    from tests.cli.conftest import run

    def make(folder: Path) -> None:
        with pages_left_out():
            done = run("publish", "--root", copy_sources(folder / "root"))
        assert done.code == 0, done.err

    return once("small", make) / "root" / "published"


@pytest.fixture(scope="session")
def built() -> pipeline.Built:
    """The tables that the real sources give, checked."""
    return pipeline.build(pipeline.gather(Settings(PROJECT, PROJECT / "published")))


@pytest.fixture(scope="session")
def published(once: Once, state: Path, request: pytest.FixtureRequest) -> Path:
    """A ``published/`` with the first release of the real sources; to be read, never changed."""

    def make(folder: Path) -> None:
        built = request.getfixturevalue("built")
        outcome = pipeline.publish(built, pipeline.open_store(Settings(PROJECT, folder / "published")), "2026-11-22")
        assert outcome.is_new

    return once("real", make) / "published"
