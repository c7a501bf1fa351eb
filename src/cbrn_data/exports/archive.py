"""A release as one ZIP file: its folder, unchanged, so that it is a Data Package and can be verified once unpacked."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from cbrn_data.store import disk, zips
from cbrn_data.store.folder import Release


def write_zip(release: Release, path: Path) -> None:
    """Write every file of a release as ``path``, by name, except erased ones. Raises ReleaseError if one cannot be read.

    An erased file may still be there: the store removes it after it has derived all else.
    """
    files = (name for name, mode in disk.walk(release.folder) if stat.S_ISREG(mode))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(name for name in files if name not in release.erased):
            entry = zips.entry(name)
            entry.file_size = disk.size(release.folder / name)
            with disk.opened(release.folder / name) as file, archive.open(entry, "w") as target:
                while piece := file.read(1 << 20):
                    target.write(piece)
