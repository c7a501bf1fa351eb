"""A withdrawal that is killed at any step is told from tampering, and the next command mends what it left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbrn_data import pipeline
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from tests.conftest import PROJECT
from tests.history import OWN
from tests.trees import copied, tree
from tests.verify import forging
from tests.verify.conftest import Verify

CHANGING = {"mkdir", "rename", "unlink", "rmdir"}
KILLED = 9
LAST = "releases/1.1.1"


class Killed:
    """Stands in for ``os``: calls ``stop`` before each call that changes a name, with its number."""

    def __init__(self, stop: Callable[[int], object]) -> None:
        self.stop, self.calls = stop, 0

    def __getattr__(self, name: str) -> Any:
        if name in CHANGING:
            self.calls += 1
            self.stop(self.calls)
        return getattr(os, name)


@pytest.fixture(autouse=True)
def owner(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Withdrawals are signed with the key of the store."""
    monkeypatch.setenv("CBRN_DATA_SIGNING_KEY", str(own))


def withdraw(published: Path, version: str) -> None:
    pipeline.open_store(Settings(PROJECT, published)).withdraw(version, "A column was shifted.", "2026-11-25")


def killed(act: Callable[[], object], at: int) -> None:
    """Change the store in a process that dies at a step."""

    def stop(number: int) -> None:
        if number == at:
            os._exit(KILLED)

    child = os.fork()
    if not child:
        try:
            pytest.MonkeyPatch().setattr(disk, "os", Killed(stop))
            act()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def steps(act: Callable[[], object], stop: Callable[[int], object] = id) -> int:
    """Return how many steps a change takes; ``stop`` is called at each."""
    counting = Killed(stop)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "os", counting)
        act()
    return counting.calls


@pytest.mark.parametrize(
    ("before", "version"),
    [((), "1.1.1"), (("1.1.1",), "1.1.0"), ((), "1.0.0")],
    ids=["the newest", "the newest but one, so that files leave latest", "an old one"],
)
def test_a_withdrawal_that_was_killed_is_no_tampering(
    before: tuple[str, ...],
    version: str,
    store: Path,
    own: Path,
    tmp_path: Path,
    verify: Verify,
) -> None:
    forging.complete(store, own)
    for earlier in before:
        withdraw(store, earlier)
    good = copied(store, tmp_path / "good")
    last = steps(lambda: withdraw(store, version))
    assert verify(store).code == 0
    wanted = tree_of_bytes(store)
    seen: set[str] = set()
    chosen = {*range(2, 5), *range(5, last, 31), *range(last - 4, last + 1)} & set(range(2, last + 1))

    def copy(number: int) -> None:
        """Keep what a kill at this step leaves: a killed process does nothing more."""
        if number in chosen:
            copied(good, tmp_path / f"{number}")

    steps(lambda: withdraw(good, version), copy)
    for at in sorted(chosen):
        left = tmp_path / f"{at}"
        said = verify(left)
        assert (said.code, said.of("failed")) == (3, {}), at
        seen |= said.of("cut short").keys()
        withdraw(left, version)
        assert tree_of_bytes(left) == wanted, at
        shutil.rmtree(left)
    assert seen == {"leftovers", "derived files", "metadata"}


def tree_of_bytes(folder: Path) -> dict[str, bytes]:
    return {name: data for name, (_, data) in tree(folder).items()}


# --- what cannot hide behind it


@pytest.fixture
def halfway(store: Path, own: Path, tmp_path: Path) -> Path:
    """A store whose newest release is being withdrawn: the feed says so, part of latest/ is of the one before."""
    forging.complete(store, own)
    counted = copied(store, tmp_path / "counted")
    killed(lambda: withdraw(store, "1.1.1"), steps(lambda: withdraw(counted, "1.1.1")) // 2)
    return store


def test_a_changed_file_does_not_hide_behind_it(halfway: Path, verify: Verify) -> None:
    said = verify(halfway)
    assert said.code == 3 and "of the state before or to come" in said.of("cut short")["derived files"]
    for name in ("latest/projects.csv", "latest/datapackage.json", "latest/CHANGES.md"):
        data = (halfway / name).read_bytes()
        forging.flip(halfway / name)
        assert f"{name} was changed" in verify(halfway).of("failed")["derived files"]
        (halfway / name).write_bytes(data)
    (halfway / "latest/more.csv").write_bytes(b"x")
    assert "latest/more.csv was added" in verify(halfway).of("failed")["derived files"]


def test_a_file_of_the_oldest_release_is_no_part_of_it(halfway: Path, verify: Verify) -> None:
    shutil.copy(halfway / "releases/1.0.0/CHANGES.md", halfway / "latest")
    assert "latest/CHANGES.md was changed" in verify(halfway).of("failed")["derived files"]


def test_a_feed_that_nobody_signed_is_tampering(halfway: Path, verify: Verify) -> None:
    forging.replace(halfway / "feed.xml", "A column was shifted.", "A column was added.")
    failed = verify(halfway).of("failed")
    assert "feed.xml is not what the metadata vouch for" in failed["metadata"]
    assert "feed.xml was changed" in failed["derived files"]


def test_what_is_said_to_leave_must_have_been_published(store: Path, verify: Verify) -> None:
    (store / ".leaving.json").write_bytes(b'{\n  "leaving": [\n    "latest/more.csv"\n  ]\n}\n')
    (store / "latest/more.csv").write_bytes(b"x")
    said = verify(store)
    assert said.code == 1 and "latest/more.csv was added" in said.of("failed")["derived files"]


def test_a_release_does_not_change_behind_it(halfway: Path, verify: Verify) -> None:
    forging.replace(halfway / LAST / "CHANGES.md", "# ", "## ")
    assert verify(halfway).of("failed").keys() == {"files", "index"}
    forging.resign(halfway / LAST, OWN)
    assert "index" in verify(halfway).of("failed")
