"""Check the wheel of recorded code: it holds only the package, with the digest under which the store keeps it.

pip installs all files of a wheel, and Python would run compiled files in place of the modules that the digest covers. So
everything except plain files of the package is refused. No code of the wheel is run, but its modules are parsed, so a
separate process does this.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from zipfile import ZipFile

from cbrn_data.findings import shown
from cbrn_data.isolated import Limits, UnreadableError, pieces_isolated
from cbrn_data.release.code import NAME, digests_of
from cbrn_data.strict_json import parse

LIMIT = 64 << 20
"""The most bytes of a wheel, and of what is in it."""
_LIMITS = Limits(cpu=60, seconds=120)
_FILE = re.compile(rf"{NAME}(/[A-Za-z0-9_][A-Za-z0-9_-]*)*/[A-Za-z0-9_][A-Za-z0-9_.-]*")
_ABOUT = re.compile(rf"{NAME}-[A-Za-z0-9.!+]+\.dist-info/(METADATA|WHEEL|RECORD|entry_points\.txt)")
_ENDINGS = frozenset("css csv j2 js json lock md py svg txt typed yaml".split())
"""The endings of files in the package: all that a release or its pages need, and nothing that a processor runs."""


@lru_cache(64)
def wheel_fault(data: bytes, digest: str, libraries: str) -> str:
    """Return why a wheel is not the code with this digest, as a phrase that follows its name; empty if it is.

    ``libraries`` are the recorded versions, as a JSON object.
    """
    try:
        (fault,) = pieces_isolated(f"{__name__}:read_wheel", io.BytesIO(data), _LIMITS, digest, libraries)
    except UnreadableError as error:
        return shown(str(error), 200)
    return str(fault)


def read_wheel(file: IO[bytes], digest: str, libraries: str) -> str:
    """Return what ``wheel_fault`` returns, in the process for it."""
    with ZipFile(file) as archive, TemporaryDirectory(prefix="cbrn-data-") as place:
        entries = archive.infolist()
        if fault := _names_fault([entry.filename for entry in entries]):
            return fault
        if sum(entry.file_size for entry in entries) > LIMIT:
            return f"holds more than {LIMIT:,} bytes"
        for entry in entries:
            path = Path(place, entry.filename)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(entry))
        if digest not in digests_of(Path(place, NAME), parse(libraries.encode())):
            return "does not have the digest of its folder"
    return ""


def _names_fault(names: list[str]) -> str:
    modules = {name.removesuffix(".py") for name in names if name.endswith(".py")}
    folders = {str(parent) for name in names for parent in Path(name).parents}
    if both := sorted(modules & folders):  # Python would take the folder
        return f"has {both[0][:100]!r} as a module and as a folder"
    if len(set(names)) < len(names) or f"{NAME}/__init__.py" not in names:
        return "has a file twice, or lacks the package"
    for name in names:
        if not _ABOUT.fullmatch(name) and not (_FILE.fullmatch(name) and name.rpartition(".")[2] in _ENDINGS):
            return f"holds {name[:100]!r}, which is no plain file of the package"
    return ""
