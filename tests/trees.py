"""Folders as data, so that a test can compare all of one: before and after, or here and there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

Tree = dict[str, tuple[int, bytes]]

HOLES = 1 << 30
"""Bytes from which on a file is one of holes that a test made, and known by its size alone."""


def tree(folder: Path, hidden: bool = True) -> Tree:
    """Return mode and bytes (of a link: where it leads) of everything below ``folder``, by relative path.

    Without ``hidden``, what has a name that begins with a dot is left out.
    """
    return {name: (state.st_mode, _data(path, state)) for name, path, state in _entries(str(folder), hidden)}


def _entries(folder: str, hidden: bool, below: str = "") -> Iterator[tuple[str, str, os.stat_result]]:
    """Yield the relative path, path and state of all in a folder, in order."""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        path = f"{folder}/{name}"
        state = os.lstat(path)
        if hidden or not name.startswith("."):
            yield below + name, path, state
        if stat.S_ISDIR(state.st_mode):
            yield from _entries(path, hidden, f"{below}{name}/")


def _data(path: str, state: os.stat_result) -> bytes:
    if stat.S_ISLNK(state.st_mode):
        return os.readlink(path).encode()
    if not stat.S_ISREG(state.st_mode):
        return b""
    return b"%d" % state.st_size if state.st_size > HOLES else Path(path).read_bytes()


def copied(source: Path, target: Path) -> Path:
    """Copy a folder of files without links, without their times, to where nothing is; return ``target``.

    Stores are copied a thousand times, which takes ``shutil.copytree`` three times as long.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(str(source), str(target))
    return target


def _copy(source: str, target: str) -> None:
    os.mkdir(target)
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _copy(entry.path, path)
                continue
            given = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
            taken = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            while os.sendfile(taken, given, None, 1 << 30):
                pass
            os.fchmod(taken, os.fstat(given).st_mode)
            os.close(given)
            os.close(taken)
    os.chmod(target, os.stat(source).st_mode)


def become(folder: Path, wanted: Tree) -> None:
    """Make ``folder``, which may not be there, what ``tree`` returned (without links); what is so already stays."""
    folder.mkdir(exist_ok=True)
    now = tree(folder)
    for name in reversed(now):
        mode, data = now[name]
        if wanted.get(name) != now[name] and not (name in wanted and stat.S_ISDIR(mode) and stat.S_ISDIR(wanted[name][0])):
            (os.rmdir if stat.S_ISDIR(mode) else os.unlink)(f"{folder}/{name}")
    for name, (mode, data) in wanted.items():
        if now.get(name) != (mode, data):
            path = f"{folder}/{name}"
            if not stat.S_ISDIR(mode):
                with open(path, "xb", buffering=0) as file:
                    file.write(data)
            elif not os.path.isdir(path):
                os.mkdir(path)
            os.chmod(path, stat.S_IMODE(mode))


def stamped(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return what the system notes of each entry: mode, size, number, when content and entry last changed (nanoseconds).

    It is the same after a run that wrote nothing; any write moves the last of these, which no program can set.
    """
    return {
        name: (state.st_mode, state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns)
        for name, _, state in _entries(str(folder), hidden=True)
    }
