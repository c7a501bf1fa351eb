"""What several suites stand on: a copy of the real sources and definitions, and the release that they give."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from cbrn_data import pipeline
from cbrn_data.settings import Settings

PROJECT = Path(__file__).parent.parent

hypothesis.settings.register_profile("no-clock", deadline=None)
hypothesis.settings.load_profile("no-clock")


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of the tests' own: no test makes or uses the key of whoever runs it."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CBRN_DATA_STATE", str(folder))
        for name in ("CBRN_DATA_SIGNING_KEY", "CBRN_DATA_TRUSTED_KEYS", "CBRN_DATA_BASE_URL"):
            patch.delenv(name, raising=False)
        yield folder


def copy_sources(target: Path) -> Path:
    """Copy what a publication reads into ``target``, a new folder."""
    for room in ("raw", "schemas"):
        shutil.copytree(PROJECT / room, target / room)
    return target


@pytest.fixture(scope="session")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``published/`` of eight regions, some with two editions, over three releases; the middle one is withdrawn."""
    from tests.cli.conftest import run

    root = copy_sources(tmp_path_factory.mktemp("regions") / "root")
    leaflets = sorted((PROJECT / "tests" / "leaflets").glob("*-202[56].txt"))
    for day, edition in enumerate(("", "2025", "2026")):
        for leaflet in leaflets:
            if edition and leaflet.stem.endswith(edition) and leaflet.stem != "central-asia-2025":
                assert run("add", leaflet, "--root", root).code == 0
        done = run("publish", "--root", root, SOURCE_DATE_EPOCH=str(1795305600 + day * 86400))
        assert done.code == 0, done.err
    reason = "The leaflets of seven regions were drafts; the editions of 2026 replace them."
    assert run("withdraw", "1.1.0", "--reason", reason, "--root", root, SOURCE_DATE_EPOCH="1795651200").code == 0
    return root / "published"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A root of its own with the real sources and definitions, where nothing is published yet."""
    return copy_sources(tmp_path / "project")


@pytest.fixture(scope="session")
def built() -> pipeline.Built:
    """The tables that the real sources give, checked."""
    return pipeline.build(pipeline.gather(Settings(PROJECT, PROJECT / "published")))


@pytest.fixture(scope="session")
def published(built: pipeline.Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``published/`` with the first release of the real sources; to be read, never changed."""
    folder = tmp_path_factory.mktemp("real") / "published"
    outcome = pipeline.publish(built, pipeline.open_store(Settings(PROJECT, folder)), "2026-11-22")
    assert outcome.is_new
    return folder
