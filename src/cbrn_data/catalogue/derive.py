"""Every file of ``published/`` that is derived from the releases, but the index, which the store writes last."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from cbrn_data.catalogue.feed import feed
from cbrn_data.errors import CbrnDataError
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, parse_checksums
from cbrn_data.store.store import Derive

LATEST = "latest"
IN_MEMORY = 16 << 20
"""Files of more bytes are copied piece by piece."""

_BASE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/")


def derivation(title: str, author: str, base_url: str) -> Derive:
    """Return the function that derives everything from the releases.

    ``base_url`` is where ``published/`` will be served. Raises CbrnDataError where it is no http(s) address that ends
    with a slash.
    """
    if not _BASE.fullmatch(base_url):
        raise CbrnDataError(
            f"the base address {base_url[:100]!r} is not like https://example.org/data/ (with a final slash)"
        )

    def derive(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
        files: dict[str, disk.Data] = {f"{LATEST}/{name}": data for name, data in _files(newest(releases)).items()}
        return files | {"feed.xml": feed(releases, title, author, base_url)}

    return derive


def newest(releases: list[Release]) -> Release:
    """Return the release that ``latest/`` holds: the newest that was not withdrawn, or the newest if all were."""
    return next((release for release in reversed(releases) if not release.withdrawn), releases[-1])


def _files(release: Release) -> dict[str, disk.Data]:
    files: dict[str, disk.Data] = {}
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    for name, mode in disk.walk(release.folder):
        path = release.folder / name
        if stat.S_ISREG(mode):
            size = disk.size(path)
            files[name] = disk.Large(path, listed[name], size) if size > IN_MEMORY and name in listed else disk.read(path)
    return files
