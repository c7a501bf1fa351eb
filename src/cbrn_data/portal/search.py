"""The search index: everything that has a page or a row of its own, as a classic script, for pages without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbrn_data.catalogue.pages import page_path
from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.portal.labels import label
from cbrn_data.portal.names import names
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.model import Table
from cbrn_data.store.folder import Release

_LONGEST = 400

Entry = tuple[str, str, str, str]
"""Kind, title, address, and further words that lead to it."""


def search_index(reading: Reading, releases: Sequence[Release]) -> bytes:
    """Return the script that sets ``cbrnIndex``."""
    entries = [*_tables(reading), *_rows(reading), *_sources(reading), *_releases(releases)]
    return f"window.cbrnIndex = {script_text(entries)};\n".encode()


def _tables(reading: Reading) -> Iterator[Entry]:
    for table in reading.tables:
        titles = [table.title, *(field.title for field in table.fields)]
        names = [table.name, *(field.name for field in table.fields)]
        words = " ".join([*names, *titles, *(also for title in titles if (also := label(title)))])
        yield "table", table.title, page_path("tables", table.name), f"{words} {table.description.strip()}"


def searched_tables(reading: Reading) -> list[Table]:
    """Return the tables whose rows the search finds: those of things, for a row of a table of pairs has no name."""
    return [table for table in reading.package.with_role("data") if len(table.primary_key) == 1]


def _rows(reading: Reading) -> Iterator[Entry]:
    for table in searched_tables(reading):
        for row_id, row in reading.by_id[table.name].items():
            label = reading.label(table.name, row_id)
            address = reading.entity_page(table.name, row_id) or reading.row_address(table.name, row_id)
            words = [text for text in row.values() if text and text != label]
            if table.name == "countries":
                words += [name.text for name in names(row["iso2"])]
            if address:
                title = f"{row_id} {label}" if table.name == "projects" and label != row_id else label
                yield table.name, title[:_LONGEST], address, " ".join(words)[:_LONGEST]


def _sources(reading: Reading) -> Iterator[Entry]:
    for source_id, marks in reading.marks.items():
        about = [source_id, marks.source["publisher"] or "", marks.source["edition"] or ""]
        yield "source", marks.source["title"] or source_id, marks.parts[0].path, " ".join(about)


def _releases(releases: Sequence[Release]) -> Iterator[Entry]:
    for release in reversed(releases):
        title = f"{release.version} of {release.date}" + (" (withdrawn)" if release.withdrawn else "")
        yield (
            "release",
            title,
            page_path("history", release.version),
            f"{release.info['summary']} {release.digest}"[:_LONGEST],
        )
