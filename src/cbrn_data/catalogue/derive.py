"""Every file of ``published/`` that is derived from the releases, but the index, which the store writes last.

All of it follows from the releases and the base address alone, never from what lies beside the program today: a
publication with nothing new derives the same bytes again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.feed import feed
from cbrn_data.catalogue.model import catalogue, newest
from cbrn_data.catalogue.sitemap import sitemap
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.store.store import Derive

LATEST = "latest"
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

    def derive(published: Path, releases: list[Release]) -> Mapping[str, bytes]:
        files = {f"{LATEST}/{name}": data for name, data in _files(newest(releases).folder).items()}
        return files | described(releases, base_url) | _pages(site(releases, base_url), releases, base_url)

    return derive


def described(releases: list[Release], base_url: str) -> dict[str, bytes]:
    """Return the descriptions for harvesters: the feed, and the catalogue in three serialisations."""
    from cbrn_data.catalogue.dcat import dcat
    from cbrn_data.catalogue.serialise import serialisations

    of = catalogue(releases, base_url)
    return serialisations(dcat(of)) | {"feed.xml": feed(releases, of.title, of.publisher.name, base_url)}


def _pages(pages: Mapping[str, bytes], releases: list[Release], base_url: str) -> dict[str, bytes]:
    return {**pages, "sitemap.xml": sitemap(base_url, pages, newest(releases).date)}


def _files(folder: Path, prefix: str = "") -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in disk.entries(folder):
        path = folder / name
        files |= _files(path, f"{prefix}{name}/") if path.is_dir() else {f"{prefix}{name}": disk.read(path)}
    return files
