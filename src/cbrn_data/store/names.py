"""The names of published files: the same on every system, and never outside of their folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cbrn_data.errors import ReleaseError

NAME_LIMIT = 100
_SEGMENT = r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z))[A-Za-z0-9][A-Za-z0-9._-]*(?<!\.)"
_NAME = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*")


def inside(root: Path, name: str) -> Path:
    """Return the path of ``name`` below ``root``; the only function that makes a path from a name in data.

    Segments are ``[A-Za-z0-9][A-Za-z0-9._-]*`` joined by ``/``, with at most 100 characters in total. No segment ends in a
    dot or is reserved by Windows, so that the file can be copied to any system. Raises ReleaseError.
    """
    _check_name(name)
    return root / name


@lru_cache(1 << 14)
def _check_name(name: str) -> None:
    """Refuse invalid names of published files. The same names are checked many times in a run."""
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise ReleaseError(
            f"{name[:NAME_LIMIT]!r} cannot be the name of a published file: use letters, digits, '.', '_' and '-', "
            f"starting with a letter or digit, no reserved name, at most {NAME_LIMIT} characters"
        )


def check_names(names: Iterable[str]) -> None:
    """Refuse conflicting names: equal except for letter case, or both a file and a folder.

    Raises ReleaseError with both names; a file system that ignores case would keep only one of them.
    """
    seen: dict[str, tuple[str, bool]] = {}
    for name in sorted(names):
        _check_name(name)
        segments = name.split("/")
        for end in range(1, len(segments) + 1):
            entry = ("/".join(segments[:end]), end == len(segments))
            other = seen.setdefault(entry[0].lower(), entry)
            if other != entry:
                raise ReleaseError(f"{other[0]!r} and {name!r} cannot be published together: rename one of them")
