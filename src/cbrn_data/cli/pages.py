"""Pages that a command writes to a chosen place: the report of ``verify``, and ``review``."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.atomic import whole
from cbrn_data.errors import CbrnDataError
from cbrn_data.refusals import meaning


def check_place(path: Path, *about: Path) -> None:
    """Refuse to write a page over or into what it is ``about``, or to a missing folder. Raises CbrnDataError."""
    for each in about:
        if path.resolve().is_relative_to(each.resolve()):
            raise CbrnDataError(f"{path}: must not be inside {each}; choose another place")
    if not path.resolve().parent.is_dir() or path.is_dir():
        raise CbrnDataError(f"{path}: is a folder, or its folder does not exist; name a file")


def write_page(path: Path, content: bytes) -> None:
    """Write the page to ``path`` atomically. Raises CbrnDataError."""
    try:
        with whole(path) as file:
            file.write(content)
    except OSError as error:
        raise CbrnDataError(f"{path}: the page cannot be written ({meaning(error)})") from error
