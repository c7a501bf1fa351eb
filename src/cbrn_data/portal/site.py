"""The whole site: every page and asset by its path in ``published/``, made only from the releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files as package_files

from cbrn_data import beside
from cbrn_data.catalogue.model import Catalogue, catalogue
from cbrn_data.exports import exports
from cbrn_data.portal.api import api_files
from cbrn_data.portal.cite import citation_files, citation_script, of_release
from cbrn_data.portal.entities import entity_pages
from cbrn_data.portal.files import release_files
from cbrn_data.portal.history import history_pages
from cbrn_data.portal.home import home_page
from cbrn_data.portal.languages import message_scripts
from cbrn_data.portal.pictures import draw
from cbrn_data.portal.pictures.preview import PREVIEW, preview
from cbrn_data.portal.render import missing_page, render
from cbrn_data.portal.search import search_index, searched_tables
from cbrn_data.portal.sources import source_pages
from cbrn_data.portal.tables import table_pages
from cbrn_data.portal.view import ReleaseView, read_release
from cbrn_data.progress import step
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, latest_of

ASSETS = (
    "site.css",
    "first.js",
    "site.js",
    "table.js",
    "compare.js",
    "cite.js",
    "cite-cell.js",
    "language.js",
    "map.js",
    "icon.svg",
)


def site(releases: Sequence[Release], base_url: str, made: Mapping[str, disk.Data] | None = None) -> dict[str, disk.Data]:
    """Return path -> content of the portal of ``releases`` (oldest first, at least one); ``made`` are their exports.

    ``base_url`` is a checked base address. Only citations, code, structured data, and what names a page for search engines
    contain it; all links are relative, except those of ``404.html``, which begin with its path.
    The same releases give the same bytes. Raises ReleaseError or SchemaError if a release cannot be read.
    """
    made = exports(releases) if made is None else made
    pages: dict[str, disk.Data] = {}
    with step("Make pages", unit="pages") as making:
        others = beside.begin(of_rows, releases, base_url) if beside.is_open() else None
        for name, data in _files(releases, base_url, made, others is None):
            pages[name] = data
            making.advance()
        pages |= others() if others else {}
    return pages


def of_rows(releases: Sequence[Release], base_url: str) -> dict[str, bytes]:
    """Return the pages and files of regions, countries and projects, and those of sources, by path."""
    return dict(_of_rows(read_release(latest_of(releases)), catalogue(releases, base_url)))


def _of_rows(view: ReleaseView, described: Catalogue) -> Iterator[tuple[str, bytes]]:
    yield from entity_pages(view, described)
    yield from api_files(view, described)
    yield from source_pages(view, described)


def _files(
    releases: Sequence[Release], base_url: str, made: Mapping[str, disk.Data], all_of_them: bool
) -> Iterator[tuple[str, disk.Data]]:
    """Yield every file; those of ``of_rows`` only if ``all_of_them``."""
    described, release = catalogue(releases, base_url), latest_of(releases)
    view, files = read_release(release), release_files(release, made)
    pictures = draw(view)
    yield "index.html", home_page(view, described, files, pictures)
    for picture in pictures:
        yield from picture.files.items()
    yield PREVIEW, preview(pictures)
    yield from table_pages(view, described, files)
    yield from _of_rows(view, described) if all_of_them else ()
    yield from history_pages(releases, view, described, made)
    yield "search.html", render("search", "search.html", site=described, searched=searched_tables(view))
    yield "404.html", missing_page(described)
    yield "assets/search-index.js", search_index(view, releases)
    for each in releases:
        yield from citation_files(of_release(described, each))
    yield "assets/citation.js", citation_script(described)
    yield from message_scripts().items()
    for name in ASSETS:
        yield f"assets/{name}", package_files("cbrn_data.portal").joinpath("assets", name).read_bytes()
