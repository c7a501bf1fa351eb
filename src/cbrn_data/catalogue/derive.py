"""Every derived file of ``published/``, except the index, which the store writes last.

The files depend only on the releases and the base address, not on other files of the program, so a publication without
changes derives the same bytes again.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from cbrn_data import beside
from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.feed import feed, robots, sitemap
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, is_part, last_event, latest_of, parse_checksums
from cbrn_data.store.history import LATEST
from cbrn_data.store.store import Derive

IN_MEMORY = 16 << 20
"""Larger files, in bytes, are linked, or copied in blocks, as the parts of tables are."""

Site = Callable[[list[Release], str], Mapping[str, disk.Data]]
"""From the releases (oldest first) and the base address to the pages, their assets and the exports, by path."""


def derivation(base_url: str, site: Site = lambda releases, base_url: {}) -> Derive:
    """Return the function that derives all files from the releases, with the pages of ``site``.

    ``base_url`` is the address at which ``published/`` will be served. Raises CbrnDataError if it is malformed.
    """
    checked_base(base_url)

    def derive(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
        descriptions = beside.begin(described, releases, base_url)
        files: dict[str, disk.Data] = {f"{LATEST}/{name}": data for name, data in _files(latest_of(releases)).items()}
        pages = site(releases, base_url)
        crawled = {"robots.txt": robots(base_url), "sitemap.xml": sitemap(base_url, pages, last_event(releases))}
        return files | descriptions() | {**pages, **crawled}

    return derive


def described(releases: list[Release], base_url: str) -> dict[str, bytes]:
    """Return the descriptions for harvesters: the feed, the catalogue in three serialisations, and Croissant."""
    from cbrn_data.catalogue.croissant import FILE, croissant
    from cbrn_data.catalogue.dcat import dcat, serialisations
    from cbrn_data.catalogue.model import catalogue

    of = catalogue(releases, base_url)
    updates = feed(releases, of.title, of.publisher["name"], base_url)
    return serialisations(dcat(of)) | {"feed.xml": updates, FILE: croissant(of)}


def _files(release: Release) -> dict[str, disk.Data]:
    files: dict[str, disk.Data] = {}
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    for name, mode in disk.walk(release.folder):
        path = release.folder / name
        if stat.S_ISREG(mode) and name not in release.erased:
            size = disk.size(path)
            is_large = name in listed and (size > IN_MEMORY or is_part(name))
            files[name] = disk.FileRef(path, listed[name], size, is_final=True) if is_large else disk.read(path)
    return files
