"""A release as one ZIP file: its folder, unchanged, so that it is a Data Package and can be verified once unpacked."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from cbrn_data.store import disk
from cbrn_data.store.folder import Release

_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, the earliest that the format has: a release has no times."""
_MODE = 0o100644


def write_zip(release: Release, path: Path) -> None:
    """Write every file of a release as ``path``, by name, except what was erased. Raises ReleaseError for one unreadable.

    An erased file may still be there: the store removes it after it has derived all else.
    """
    files = (name for name, mode in disk.walk(release.folder) if stat.S_ISREG(mode))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(name for name in files if name not in release.erased):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system, entry.external_attr = 3, _MODE << 16  # as on Unix, on any system
            entry.compress_type, entry.file_size = zipfile.ZIP_DEFLATED, disk.size(release.folder / name)
            with disk.opened(release.folder / name) as file, archive.open(entry, "w") as target:
                while piece := file.read(1 << 20):
                    target.write(piece)
