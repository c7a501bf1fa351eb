"""The store when the publisher is killed, the machine forgets, or the disk refuses, at every single step.

A stand-in for the name ``os`` of ``disk`` counts the calls that change files. Nothing here sleeps or syncs: what a
kill leaves is a copy of the disk at that step, and what a real machine would have lost is taken away by hand, so that each
sweep goes through every step in seconds. Real processes are killed in ``verify/test_cut_short.py`` and ``flows/``.
"""

from __future__ import annotations

import ast
import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data.errors import ReleaseError
from cbrn_data.signing.keys import SigningKey
from cbrn_data.store import disk, folder, index
from cbrn_data.store.code import code_folders, sums_name
from cbrn_data.store.store import Release, Store
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.trust import rotate
from cbrn_data.trust.roles import written
from cbrn_data.trust.sign import Sign
from cbrn_data.verify import code
from cbrn_data.verify.code import check_code
from cbrn_data.verify.derived import check_derived
from cbrn_data.verify.results import FAILED
from cbrn_data.verify.vouched import check_vouched
from tests.trees import Tree, become, tree

CHANGING = {"open", "write", "copy_file_range", "fchmod", "fsync", "link", "mkdir", "rename", "unlink", "rmdir"}
READING = {"fstat", "lstat", "read", "pread", "listdir", "close", "path"}
SOURCE = b"what the law asks to be erased"
PART = b"what stays from release to release"
Act = Callable[[Path], object]
CODES = [hashlib.sha256(content).hexdigest() for content in (b"first", b"next")]
"""The code of each release is another one, with the digest of its content."""


def code_of(digest: str) -> Mapping[str, bytes]:
    lock = f"pandas==3.1.1 --hash=sha256:{digest}\n".encode()
    return {
        "run.lock": lock,
        "code.json": dumped({"digest": digest, "libraries": {"pandas": "3.1.1"}}),
        "cbrn_data-1-py3-none-any.whl": b"a wheel",
    }


@cache
def known_code() -> Mapping[str, str]:
    files = {digest: code_of(digest).items() for digest in CODES}
    sums = {digest: folder.checksums({name: disk.sha256_of(data) for name, data in of}) for digest, of in files.items()}
    return {sums_name(digest): disk.sha256_of(data) for digest, data in sums.items()}


KEY, NEXT_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(2))
SIGN = Sign(lambda: SigningKey(KEY, False), "2026-11-22", code=known_code)


def part_of(release: Release) -> disk.FileRef:
    """Return a file that does not change, so that it is linked."""
    return disk.FileRef(release.folder / "data/part.csv", disk.sha256_of(PART), len(PART), is_final=True)


def derive(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
    """A copy in latest/ with a link, a feed of all, and a page named after the newest, which leaves with the next."""
    newest = releases[-1]
    return {
        "latest/part.csv": part_of(newest),
        "latest/rows.csv": (newest.folder / "data/rows.csv").read_bytes(),
        f"latest/{newest.version}.csv": newest.version.encode(),
        "latest/datapackage.json": newest.digest.encode(),
        "feed.xml": "".join(f"{release.version} {release.withdrawn}\n" for release in releases).encode(),
        f"pages-{newest.version}/in/index.html": newest.version.encode(),
    }


def publish(published: Path, content: bytes, with_code: bool = True) -> Release | None:
    """What a caller does: nothing where nothing is new, else the next version."""
    with Store(published, derive, vouch=SIGN).writing(0) as writer:
        newest, content_digest = writer.newest, hashlib.sha256(content).hexdigest()
        if newest and newest.content_digest == content_digest:
            return None
        sequence = newest.sequence + 1 if newest else 1
        version = f"1.{sequence - 1}.0"
        info: dict[str, Any] = {"version": version, "sequence": sequence, "date": "2026-11-22"}
        info |= {"content_digest": content_digest, "code": {"digest": content_digest}}
        info["previous"] = newest.digest if newest else None
        part = part_of(newest) if newest else PART
        files = {"data/rows.csv": content, "data/part.csv": part, "sources/rows.csv": SOURCE, "release.json": dumped(info)}
        staged = writer.stage(files)
        writer.add(staged, {"report.json": b"{}\n"})
        return writer.commit(staged, version, code_of(content_digest) if with_code and content_digest in CODES else None)


def keep_code(published: Path) -> None:
    with Store(published, derive, vouch=SIGN).writing(0) as writer:
        missing = [digest for digest in CODES if not (published / "code" / digest).exists()]
        writer.add_code({digest: writer.stage(code_of(digest)) for digest in missing})


def withdraw(published: Path) -> None:
    Store(published, derive, vouch=SIGN).withdraw("1.0.0", "wrong", "2026-12-01", wait=0)


def erase(published: Path) -> None:
    with Store(published, derive, vouch=SIGN).writing(0) as writer:
        writer.erase({"1.0.0": ["sources/rows.csv"], "1.1.0": ["sources/rows.csv"]}, {"reason": "law", "date": "2026-12-01"})


def repair(published: Path) -> None:
    with Store(published, derive, vouch=SIGN).writing(0):
        pass


def next_root(published: Path, key: Ed25519PrivateKey) -> bytes:
    """Return the second root of a store, which names ``key`` and is signed by it and by the first one."""
    first = (published / "metadata/1.root.json").read_bytes()
    draft = rotate.next_root(first, "2026-11-23", [key.public_key()], 1, [key.public_key()])
    for one in (KEY, key):
        rotate.add_signature(draft, one)
    return written(draft)


def without_pages(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
    """What another version of the code derives: pages leave."""
    return {name: data for name, data in derive(published, releases).items() if not name.startswith("pages-")}


def put_root(published: Path, key: Ed25519PrivateKey, *earlier: Ed25519PrivateKey) -> None:
    """Put the second root in force as ``key rotate`` and ``key install`` do, with the ``earlier`` keys at hand."""
    roots = () if (published / "metadata/2.root.json").exists() else (next_root(published, key),)
    sign = Sign(lambda: SigningKey(key, False), "2026-11-23", roots, known_code, lambda: earlier)
    with Store(published, without_pages, vouch=sign).writing(0):
        pass


def start_with(*contents: bytes, with_code: bool = True) -> Act:
    def prepare(published: Path) -> None:
        published.mkdir()
        for content in contents:
            publish(published, content, with_code)

    return prepare


def damaged(published: Path) -> None:
    """Two releases, and all that a repair mends: a leftover, a missing, a changed and an old derived file."""
    start_with(b"first", b"next")(published)
    (published / ".staging-left").mkdir(0o700)
    (published / ".staging-left/rows.csv").write_bytes(b"x")
    (published / "latest/1.1.0.csv").unlink()
    (published / "feed.xml").write_bytes(b"old")
    (published / "latest/old").mkdir()
    (published / "latest/old/old.csv").write_bytes(b"old")


SCENARIOS: dict[str, tuple[Act, Act]] = {
    "first": (start_with(), lambda published: publish(published, b"first")),
    "next": (start_with(b"first"), lambda published: publish(published, b"next")),
    "withdrawal": (start_with(b"first", b"next"), withdraw),
    "repair": (damaged, repair),
    "erasure": (start_with(b"first", b"next"), erase),
    "code": (start_with(b"first", b"next", with_code=False), keep_code),
    "rotation": (start_with(b"first"), lambda published: put_root(published, NEXT_KEY, KEY)),
    "rotation without the key before": (start_with(b"first"), lambda published: put_root(published, NEXT_KEY)),
    "renewal of the root": (start_with(b"first"), lambda published: put_root(published, KEY)),
    "rotation with a repair": (damaged, lambda published: put_root(published, NEXT_KEY, KEY)),
}


@dataclass
class Note:
    """A name that was made, changed or removed, and how to undo that; ``source`` of a folder that was renamed."""

    path: Path
    undo: Callable[[Path], object]
    source: Path | None = None
    durable: bool = False


class Disk:
    """Stands in for ``os``: counts calls, and from call number ``at`` on asks ``stop``, which may raise or exit.

    It notes what a machine that dies now would lose: bytes of files without fsync, names without fsync of their
    folder. fsync itself is only noted, because it is what takes the time. Without ``stop`` nothing is noted.
    """

    def __init__(self, at: int = 0, stop: Callable[[Disk, str], None] | None = None, reading: bool = False) -> None:
        self.at, self.stop, self.reading, self.calls = at, stop, reading, 0
        self.committed = False
        self.renames: list[Path] = []
        self.unsynced: set[Path] = set()
        self.notes: list[Note] = []
        self.handles: dict[int, Path] = {}

    def __getattr__(self, name: str) -> Any:
        assert name in CHANGING | READING or name.isupper(), f"os.{name} is not known to this stand-in"
        if name in CHANGING or (name == "listdir" and self.reading):
            return lambda *arguments: self._call(name, *arguments)
        return getattr(os, name)

    def _call(self, name: str, *arguments: Any) -> Any:
        if self.reading or name != "open" or arguments[1] & os.O_CREAT:
            self.calls += 1
            if self.stop and self.calls >= self.at:
                self.stop(self, name)
        if not self.stop:
            return None if name == "fsync" else getattr(os, name)(*arguments)
        note = getattr(type(self), f"note_{name}", None)
        return note(self, *arguments) if note else getattr(os, name)(*arguments)

    def note_open(self, path: Path, flags: int, mode: int = 0) -> int:
        handle = os.open(path, flags, mode)
        self.handles[handle] = path
        if flags & os.O_CREAT:
            self.unsynced.add(path)
            self.notes.append(Note(path, lambda path: path.unlink(missing_ok=True)))
        return handle

    def note_fsync(self, handle: int) -> None:
        path = self.handles.get(handle)  # None: a file of a folder beside the store, which is linked into it
        self.unsynced.discard(path)
        for note in self.notes:
            note.durable = note.durable or note.path.parent == path
        self.notes = [note for note in self.notes if note.source or not note.durable]

    def note_link(self, source: Path, target: Path) -> None:
        os.link(source, target)
        self.notes.append(Note(target, lambda path: path.unlink(missing_ok=True)))

    def note_mkdir(self, path: Path, mode: int) -> None:
        os.mkdir(path, mode)
        self.notes.append(Note(path, lambda path: shutil.rmtree(path, ignore_errors=True)))

    def note_rename(self, source: Path, target: Path) -> None:
        before = target.read_bytes() if target.is_file() else None
        folder = source if source.is_dir() else None
        self.committed = self.committed or target.parent.name == "releases"
        os.rename(source, target)
        moved = {path for path in self.unsynced if path.is_relative_to(source)}
        self.unsynced = self.unsynced - moved | {target / path.relative_to(source) for path in moved}
        self.notes = [note for note in self.notes if folder or note.path != source]
        self.renames.append(target)

        def undo(target: Path) -> None:
            os.rename(target, source) if source.parent.is_dir() else target.unlink()
            if before is not None:
                restore(target, before)

        self.notes.append(Note(target, undo, folder))

    def note_unlink(self, path: Path) -> None:
        before = path.read_bytes()
        os.unlink(path)
        self.unsynced.discard(path)
        self.notes.append(Note(path, lambda path: restore(path, before)))

    def note_rmdir(self, path: Path) -> None:
        os.rmdir(path)
        self.notes.append(Note(path, lambda path: restore(path, None)))


def restore(path: Path, data: bytes | None) -> None:
    """Put a removed file or (``None``) folder back, unless the folder it was in is gone for good."""
    if path.parent.is_dir():
        path.mkdir() if data is None else path.write_bytes(data)
        path.chmod(0o755 if data is None else 0o644)


def lose_bytes(machine: Disk) -> None:
    """Every file without fsync is empty."""
    for path in machine.unsynced:
        os.truncate(path, 0)


def lose_half(machine: Disk) -> None:
    """Every file without fsync has half its bytes."""
    for path in machine.unsynced:
        os.truncate(path, path.stat().st_size // 2)


def lose_names(machine: Disk) -> None:
    """Whatever was made, renamed or removed in a folder without fsync of it never happened."""
    lose_bytes(machine)
    moved: list[Note] = []
    for note in reversed(machine.notes):
        path = note.path
        for rename in moved:
            if rename.source and path.is_relative_to(rename.source):
                path = rename.path / path.relative_to(rename.source)
        if note.durable:
            moved.append(note)
        else:
            note.undo(path)


State = frozenset[tuple[str, tuple[int, bytes]]]
Left = dict[State, tuple[Tree, str]]


def state_of(found: Tree) -> State:
    """Return what is the same for two trees but for the random names of hidden folders."""
    return frozenset((re.sub(r"staging-[^/]+", "staging", name), entry) for name, entry in found.items())


def losses(machine: Disk) -> list[Callable[[Disk], None]]:
    """Return what can be lost at this step."""
    bytes_lost = [lose_bytes, lose_half] if machine.unsynced else []
    is_unsure = machine.unsynced or any(not note.durable for note in machine.notes)
    return [*bytes_lost, *([lose_names] if is_unsure else [])]


def left_by_kills(act: Act, published: Path) -> tuple[Left, int]:
    """Return each state that a kill of ``act`` can leave, with all of it and where that was, and the number of steps.

    A killed process does nothing more, so what it leaves is the disk before a call that changes it: one run visits all.
    """
    left: Left = {}

    def look(machine: Disk, name: str) -> None:
        whole = tree(published)
        keep(whole, f"step {machine.calls}")
        aside = published.with_name("whole")
        for loss in losses(machine):
            published.rename(aside)
            become(published, whole)
            loss(machine)
            keep(tree(published), f"{loss.__name__}, step {machine.calls}")
            shutil.rmtree(published)
            aside.rename(published)

    def keep(found: Tree, where: str) -> None:
        left.setdefault(state_of(found), (found, where))

    machine = Disk(stop=look)
    setattr(disk, "os", machine)  # noqa: B010
    act(published)
    setattr(disk, "os", Disk())  # noqa: B010
    keep(tree(published), "the end")
    return left, machine.calls


def check_readers(published: Path, missing: frozenset[str] = frozenset()) -> None:
    """A reader who starts at the index finds every listed file of every release, whole.

    ``missing`` names derived files that were not there to begin with.
    """
    path = published / "releases.json"
    if not path.exists():
        return
    index = parse_object(path, path.read_bytes())
    for entry in index["releases"]:
        sums = (published / entry["path"] / "SHA256SUMS").read_bytes()
        assert hashlib.sha256(sums).hexdigest() == entry["digest"]
        assert folder.differences(published / entry["path"], entry.get("erased", ())) == ""
    assert {name for name in index["derived"] if not (published / name).is_file()} <= missing


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real fsync: what is lost is taken away by hand. The wheels here are no code."""
    monkeypatch.setattr(disk, "os", Disk())
    monkeypatch.setattr(code, "wheel_fault", lambda *given: "")


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of small trees are made below it."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as name:
        yield Path(name)


def undisturbed(memory: Path, scenario: str) -> tuple[Path, Tree]:
    """Prepare a scenario; return its folder and the tree that an undisturbed run of it makes."""
    prepare, act = SCENARIOS[scenario]
    start = Path(tempfile.mkdtemp(dir=memory)) / "published"
    prepare(start)
    done = Path(shutil.copytree(start, start.with_name("done")))
    act(done)
    return start, tree(done)


def check_left(published: Path, scenario: str, old: Tree, where: str) -> None:
    """What a kill leaves: old releases as they were, each release and each code whole, and all vouched for."""
    damaged = {"feed.xml", "latest/1.1.0.csv"} if "repair" in scenario else set()
    check_readers(published, frozenset(damaged - {"feed.xml"}))
    now = tree(published / "releases")
    erased = {name for name in old if name.endswith("sources/rows.csv") and scenario == "erasure"}
    kept = {name: what for name, what in old.items() if name in now or name not in erased}
    assert {name: now.get(name) for name in kept} == kept, f"an old release changed: {where}"
    for each in (published / "code").glob("*"):
        assert folder.differences(each) == "", f"half a code: {where}"
    releases = Store(published).releases()
    for release in releases:
        assert scenario == "code" or release.content_digest in code_folders(published, [release]), where
        assert not folder.differences(release.folder, release.erased), f"half a release: {where}"
    vouched = check_vouched(published, [])
    results = [*vouched.results, *check_code(published, releases, vouched)]
    if not damaged and (published / "releases.json").exists():
        results += check_derived("store", published, index.read_index(published, releases).derived, vouched)
    faults = [result.detail for result in results if result.result == FAILED]
    assert {fault.partition(" ")[0] for fault in faults} <= damaged, (faults, where)


def without_metadata(found: Tree) -> Tree:
    return {name: what for name, what in found.items() if not name.startswith("metadata/")}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_before_any_step(memory: Path, scenario: str) -> None:
    """At most steps the losses leave the same, which is checked once."""
    act = SCENARIOS[scenario][1]
    start, expected = undisturbed(memory, scenario)
    old = tree(start / "releases")
    states, steps = left_by_kills(act, start)
    left, seen = start.with_name("left"), set[State]()
    for state, where in states.values():
        become(left, state)
        visible = frozenset(item for item in state.items() if item[0][0] != ".")
        if visible not in seen:  # readers see the rest
            check_left(left, scenario, old, where)
            seen.add(visible)
        if scenario == "code":  # a publication, which may not add this code, signs what is in place
            with Store(left, derive, vouch=replace(SIGN, code=dict)).writing(0):
                pass
            check_left(left, scenario, old, f"{where}, repaired")
        act(left)
        if scenario == "code":  # code that is in place is signed before the rest follows, in a state of its own
            assert without_metadata(tree(left)) == without_metadata(expected), where
            assert FAILED not in {result.result for result in check_vouched(left, []).results}
        else:
            assert tree(left) == expected, f"another tree: {where}"
    assert steps > (60 if scenario in ("first", "next") else 10) and len(states) > steps // 2


def failing(code: int, for_ever: bool) -> Callable[[Disk, str], None]:
    """A disk that refuses one call, or everything that needs it from then on (a full disk still removes)."""

    def stop(machine: Disk, name: str) -> None:
        full = code == errno.ENOSPC and name in ("unlink", "rmdir", "rename", "fchmod")
        if machine.calls == machine.at or (for_ever and not full):
            raise OSError(code, os.strerror(code))

    return stop


FAILURES = {
    "full once": (errno.ENOSPC, False, "the disk is full"),
    "full": (errno.ENOSPC, True, "the disk is full"),
    "error": (errno.EIO, False, "input/output error"),
    "read-only": (errno.EROFS, False, "the file system is read-only"),
    "read-only for ever": (errno.EROFS, True, "the file system is read-only"),
    "too many files": (errno.EMFILE, False, "too many files are open"),
    "no permission": (errno.EACCES, False, "permission denied"),
}
ANOTHER_WORD = {"error": 7, "read-only": 7, "no permission": 7}
"""What goes the way of ``full once`` and is only said in another word is tried at every so many steps."""


@pytest.mark.parametrize(
    ("scenario", "failure"),
    [*(("next", failure) for failure in FAILURES), ("first", "full"), ("first", "read-only for ever")],
)
def test_the_disk_refuses_any_step(memory: Path, scenario: str, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    act = SCENARIOS[scenario][1]
    number, for_ever, said = FAILURES[failure]
    monkeypatch.setattr(disk, "os", Disk())
    start, expected = undisturbed(memory, scenario)
    before = tree(start)
    published, seen = start.with_name("refused"), set[State]()
    for step in range(1, 10_000, ANOTHER_WORD.get(failure, 1)):
        become(published, before)
        machine = Disk(step, failing(number, for_ever), reading=number == errno.EMFILE)
        monkeypatch.setattr(disk, "os", machine)
        try:
            act(published)
            assert machine.calls < step, f"a refusal at step {step} went unnoticed"
            break
        except ReleaseError as error:
            assert said in str(error) and str(published) in str(error)
            assert error.exit_code == 2
            assert ("is committed" in str(error)) == machine.committed
        if not machine.committed and failure == "read-only for ever":
            # What cannot be removed stays: a hidden folder, an empty one for the releases, and code that nobody vouches for.
            with suppress(OSError):
                (published / "releases").rmdir()
            for added in (published / "code").glob("*"):
                if not (start / "code" / added.name).exists():
                    shutil.rmtree(added)
            with suppress(OSError):
                (published / "code").rmdir()
            assert {name: what for name, what in tree(published).items() if name[0] != "."} == before
        elif not machine.committed:
            assert tree(published) == before, f"not as before after step {step}"
        monkeypatch.setattr(disk, "os", Disk())
        state = state_of(tree(published))
        if state in seen:  # it was read and mended after an earlier step
            continue
        seen.add(state)
        check_readers(published)
        act(published)
        assert tree(published) == expected, f"another tree after step {step}"
    assert step > 60


def test_a_full_disk_is_met_before_the_commit(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that needs space for bytes is written before the one rename."""
    opened: list[bool] = []

    class Watch(Disk):
        def note_open(self, path: Path, flags: int, mode: int = 0) -> int:
            if flags & os.O_CREAT:
                opened.append(self.committed)
            return super().note_open(path, flags, mode)

    monkeypatch.setattr(disk, "os", Watch(stop=lambda machine, name: None))
    publish(memory / "watched", b"first")
    assert opened and not any(opened)


def test_the_timestamp_is_the_last_name_and_the_index_the_one_before(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Disk(stop=lambda machine, name: None)
    monkeypatch.setattr(disk, "os", machine)
    publish(memory / "ordered", b"first")
    names = [str(path.relative_to(memory / "ordered")) for path in machine.renames]
    assert names[:2] == [f"code/{CODES[0]}", "releases/1.0.0"]
    names = names[1:]
    metadata = ["metadata/1.root.json", "metadata/1.snapshot.json", "metadata/1.targets.json"]
    assert sorted(names[1:4]) == metadata
    assert names[-3:] == ["latest/datapackage.json", "releases.json", "metadata/timestamp.json"]
    assert sorted(names[4:-3]) == [
        "feed.xml",
        "latest/1.0.0.csv",
        "latest/part.csv",
        "latest/rows.csv",
        "pages-1.0.0/in/index.html",
    ]


def test_the_stand_in_knows_every_call_of_the_disk_module() -> None:
    """A new call in ``disk`` must be counted here, or the sweeps would step over it."""
    nodes = ast.walk(ast.parse(Path(disk.__file__).read_text()))
    used = {
        node.attr for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }  # fmt: skip
    assert {name for name in used if not name.isupper()} == CHANGING | READING


# --- real refusals


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB; skipped where this user cannot mount one."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a tmpfs here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    published = small_disk / "published"
    publish(published, b"first")
    refused = 0
    for number in range(60):
        before, free = tree(published), os.statvfs(published).f_bfree
        try:
            publish(published, b"%d" % number * 8000)
        except ReleaseError as error:
            refused += 1
            assert "the disk is full" in str(error)
            assert tree(published) == before
            assert os.statvfs(published).f_bfree == free
    assert refused > 10
    check_readers(published)


def as_nobody(act: Callable[[], str]) -> str:
    """Run ``act`` as a user without rights, in a child if this one is root, and return what it says."""
    if os.geteuid():
        return act()
    here, there = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.seteuid(65534)
            os.write(there, act().encode())
        finally:
            os._exit(0)
    os.close(there)
    os.waitpid(child, 0)
    with os.fdopen(here) as said:
        return said.read()


@pytest.mark.parametrize("name", ["", "releases", "latest"])
def test_a_folder_that_is_really_not_writable(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        published = Path(root) / "published"
        publish(published, b"first")
        writable = [published, *(path for path in published.rglob("*") if path.is_dir())]
        Path(root).chmod(0o777)
        for path in writable:
            path.chmod(0o555 if path == published / name else 0o777)
        before = tree(published)

        def act() -> str:
            try:
                publish(published, b"next")
            except ReleaseError as error:
                return str(error)
            return "published"

        said = as_nobody(act)
        now = tree(published)
        for path in writable:
            path.chmod(0o755)
    assert "permission denied" in said and str(published / name) in said
    if name == "latest":
        assert "release 1.1.0 is committed" in said
    else:
        assert now == before


def test_a_store_that_cannot_be_made_is_an_error_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReleaseError, match="file: is not a folder"):
        publish(tmp_path / "file" / "published", b"first")


def test_reading_needs_no_right_to_write(tmp_path: Path) -> None:
    publish(tmp_path / "p", b"first")
    (tmp_path / "p").chmod(0o555)
    assert [release.version for release in Store(tmp_path / "p").releases()] == ["1.0.0"]
    assert stat.S_IMODE((tmp_path / "p").stat().st_mode) == 0o555
