"""Folders as data, so that a test can compare all of one: before and after, or here and there."""

from __future__ import annotations

import os
from pathlib import Path

Tree = dict[str, tuple[int, bytes]]

HOLES = 1 << 30
"""Bytes from which on a file is one of holes that a test made, and known by its size alone."""


def tree(folder: Path, hidden: bool = True) -> Tree:
    """Return mode and bytes (of a link: where it leads) of everything below ``folder``, by relative path.

    Without ``hidden``, what has a name that begins with a dot is left out.
    """
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        if hidden or not path.name.startswith("."):
            found[str(path.relative_to(folder))] = (path.lstat().st_mode, _data(path))
    return found


def _data(path: Path) -> bytes:
    if path.is_symlink():
        return os.readlink(path).encode()
    if not path.is_file():
        return b""
    size = path.stat().st_size
    return b"%d" % size if size > HOLES else path.read_bytes()


def stamped(folder: Path) -> dict[str, tuple[int, bytes, int]]:
    """Return the tree with the time of each last change, in nanoseconds: the same after a run that wrote nothing."""
    return {name: (*what, (folder / name).lstat().st_mtime_ns) for name, what in tree(folder).items()}
