"""Every file of ``published/`` that is derived from the releases, but the index, which the store writes last.

All of it follows from the releases and the base address alone, never from what lies beside the program today: a
publication with nothing new derives the same bytes again.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.feed import feed
from cbrn_data.catalogue.model import catalogue, newest
from cbrn_data.catalogue.sitemap import sitemap
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, event_moments, parse_checksums
from cbrn_data.store.store import Derive

LATEST = "latest"
IN_MEMORY = 16 << 20
"""Files of more bytes are copied piece by piece."""

Site = Callable[[list[Release], str], Mapping[str, bytes]]
"""The releases (oldest first) and the base address to the pages and what they need, by path."""


def no_site(releases: list[Release], base_url: str) -> Mapping[str, bytes]:
    """Make no page."""
    return {}


def derivation(base_url: str, site: Site = no_site) -> Derive:
    """Return the function that derives everything from the releases, with the pages that ``site`` makes.

    ``base_url`` is where ``published/`` will be served. Raises CbrnDataError where it is malformed.
    """
    checked_base(base_url)

    def derive(published: Path, releases: list[Release]) -> Mapping[str, disk.Data]:
        files: dict[str, disk.Data] = {f"{LATEST}/{name}": data for name, data in _files(newest(releases)).items()}
        return files | described(releases, base_url) | _pages(site(releases, base_url), releases, base_url)

    return derive


def described(releases: list[Release], base_url: str) -> dict[str, bytes]:
    """Return the descriptions for harvesters: the feed, and the catalogue in three serialisations."""
    from cbrn_data.catalogue.dcat import dcat
    from cbrn_data.catalogue.serialise import serialisations

    of = catalogue(releases, base_url)
    return serialisations(dcat(of)) | {"feed.xml": feed(releases, of.title, of.publisher.name, base_url)}


def _pages(pages: Mapping[str, bytes], releases: list[Release], base_url: str) -> dict[str, bytes]:
    return {**pages, "sitemap.xml": sitemap(base_url, pages, max(event_moments(releases).values())[:10])}


def _files(release: Release) -> dict[str, disk.Data]:
    files: dict[str, disk.Data] = {}
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    for name, mode in disk.walk(release.folder):
        path = release.folder / name
        if stat.S_ISREG(mode):
            size = disk.size(path)
            files[name] = disk.Large(path, listed[name], size) if size > IN_MEMORY and name in listed else disk.read(path)
    return files
