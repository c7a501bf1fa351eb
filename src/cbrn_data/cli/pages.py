"""Pages that a command writes where a person wants them: the report of ``verify``, and ``review``."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.errors import CbrnDataError


def check_place(path: Path, *about: Path) -> None:
    """Refuse to write a file over or into what it is ``about``, or where there is no folder. Raises CbrnDataError."""
    for each in about:
        if path.resolve().is_relative_to(each.resolve()):
            raise CbrnDataError(f"{path}: does not belong into what it is about; choose a place outside {each}")
    if not path.resolve().parent.is_dir() or path.is_dir():
        raise CbrnDataError(f"{path}: is a folder, or is in a folder that is not there; name a file")


def write_page(path: Path, content: bytes) -> None:
    """Put the page at ``path``, whole or not at all. Raises CbrnDataError."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise CbrnDataError(f"{path}: the page cannot be written ({error.strerror})") from error
