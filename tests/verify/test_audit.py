"""The scheduled audit of a store that a stranger can write to: it ends soon, and fails in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cbrn_data.verify.audit import audit_store, remember
from cbrn_data.verify.memory import recalled
from cbrn_data.verify.results import FAILED, Result, exit_code

TODAY = "2026-11-30"


def pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def holes(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def folders(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()
    handle = os.open(path, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d", dir_fd=handle)
        above, handle = handle, os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(above)
    os.close(handle)


def nested(path: Path) -> None:
    path.write_bytes(b"[" * 60_000)


def audited(published: Path, memory: Path) -> list[Result]:
    with recalled(memory) as known:
        results = audit_store(published, [], TODAY, known, 400, known=[])
        remember(known, published, results)
    return results


@pytest.fixture(scope="module")
def memory(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("memory") / "store.json"
    assert exit_code(audited(three, path)) == 0
    return path


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (pipe, "releases.json"),
        (holes, "metadata/timestamp.json"),
        (link, "releases/1.0.0/release.json"),
        (folders, "latest/projects.csv"),
        (nested, "metadata/1.root.json"),
    ],
)
def test_what_is_no_file_fails_and_is_not_remembered(
    spoil: Callable[[Path], object], name: str, store: Path, memory: Path
) -> None:
    before = memory.read_bytes()
    spoil(store / name)
    results = audited(store, memory)
    assert exit_code(results) == 1
    assert any(Path(name).name in one.detail for one in results if one.result == FAILED), results
    assert memory.read_bytes() == before
