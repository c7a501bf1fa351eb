"""The code of a release, as the files that a store keeps of it (see ``store.code``): a wheel, a lock, and its description.

``<name>-<version>-py3-none-any.whl`` has every file of the package, so pip installs exactly the code that ran; ``run.lock``
has all libraries with their hashes; ``code.json`` has what a release records of its code, and the version of Python. The
same code gives the same files: the wheel has no time, and its names are sorted.

Code is only kept if its libraries are those of the lock: otherwise, the lock would give another environment.
"""

from __future__ import annotations

import io
import platform
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from cbrn_data.release.code import ADDED, FOLDER, NAME, code_version, commit
from cbrn_data.store import zips
from cbrn_data.strict_json import dumped

LOCK, RECORD = "run.lock", "code.json"
NOT_KEPT = (
    "the store does not keep the code of this release, so it can be rebuilt only where this code is installed: "
    "other libraries are installed here than requirements/run.lock has; install those of the lock before the next release"
)
_PROJECT = FOLDER.parent.parent
_ADDED = dict(zip(sorted(ADDED), (_PROJECT / "schemas", _PROJECT / "requirements" / LOCK), strict=True))
"""Where a checkout has the additional files of a wheel."""
_PINNED = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)")


@cache
def code_files() -> Mapping[str, bytes]:
    """Return the files of the running code; empty if there is no lock, or if other libraries are installed."""
    files = _package_files()
    version = code_version()
    lock = files.get(LOCK, b"")
    if not fits(version["libraries"], lock):
        return {}
    return kept_files(version, commit(), files, lock, python=".".join(platform.python_version_tuple()[:2]))


def kept_files(
    code: Mapping[str, Any], commit: str | None, package: Mapping[str, bytes], lock: bytes, python: str | None = None
) -> dict[str, bytes]:
    """Return the files of a code: what a release records of it, its commit, the files of the package, and the lock."""
    record = {**{key: code[key] for key in ("name", "version", "digest", "libraries")}, "commit": commit, "python": python}
    name, data = wheel(code["version"], package)
    return {name: data, LOCK: lock, RECORD: dumped(record)}


def pinned(lock: bytes) -> set[tuple[str, str]]:
    """Return the libraries of a lock, as normalised name and version; one may have a version for each version of Python."""
    return {(normalised(name), version) for name, version in _PINNED.findall(lock.decode())}


def normalised(name: str) -> str:
    """Return the name of a library as locks have it.

    >>> normalised("pdfminer.six")
    'pdfminer-six'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def fits(libraries: Mapping[str, str], lock: bytes) -> bool:
    """Return whether a lock has these versions of libraries."""
    return {(normalised(name), version) for name, version in libraries.items()} <= pinned(lock)


def wheel(version: str, package: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel of the files of a package, by their name in it.

    The form is https://packaging.python.org/en/latest/specifications/binary-distribution-format/. It names no dependency,
    because the lock does.
    """
    about = f"{NAME}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {NAME}\nVersion: {version}\nLicense-Expression: MIT\n"
    files = {f"{NAME}/{name}": data for name, data in sorted(package.items())}
    files |= {
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: py3-none-any\n".encode(),
        f"{about}/entry_points.txt": f"[console_scripts]\ncbrn-data = {NAME}.cli:main\n".encode(),
    }
    lines = [f"{name},sha256={_base64(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{about}/RECORD"] = "".join([*lines, f"{about}/RECORD,,\n"]).encode()
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(zips.entry(name), data)
    return f"{NAME}-{version}-py3-none-any.whl", packed.getvalue()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")


def _package_files() -> dict[str, bytes]:
    """Return the files of the running package, as a wheel has them."""
    paths = {path.relative_to(FOLDER).as_posix(): path for path in _files_in(FOLDER)}
    for name, place in _ADDED.items():
        if not (FOLDER / name).exists():
            below = {name: place} if place.is_file() else {f"{name}/{path.name}": path for path in place.glob("*.yaml")}
            paths |= below
    return {name: path.read_bytes() for name, path in paths.items()}


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
