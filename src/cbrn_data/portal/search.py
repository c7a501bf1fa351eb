"""The search index of all pages and rows, as a classic script, because pages must work without a server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cbrn_data.catalogue.pages import page_path
from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.normalise.countries import english_names
from cbrn_data.portal.languages import messages
from cbrn_data.portal.names import names
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.model import TableDefinition
from cbrn_data.store.folder import Release

_LONGEST = 400

Entry = tuple[str, str, str, str, str]
"""Kind, title, address, further search words, and what tells entries of one title apart: region and edition."""


def search_index(view: ReleaseView, releases: Sequence[Release]) -> bytes:
    """Return the script that sets ``cbrnIndex``."""
    entries = [*_tables(view), *_rows(view), *_sources(view), *_releases(releases)]
    return f"window.cbrnIndex = {script_text(entries)};\n".encode()


def _tables(view: ReleaseView) -> Iterator[Entry]:
    for table in view.tables:
        titles = [table.title, *(field.title for field in table.fields)]
        names = [table.name, *(field.name for field in table.fields)]
        words = " ".join([*names, *titles, *(messages()[title] for title in titles if title in messages())])
        yield "table", table.title, page_path("tables", table.name), f"{words} {table.description.strip()}", ""


def searched_tables(view: ReleaseView) -> list[TableDefinition]:
    """Return the tables whose rows the search finds; rows of tables of pairs have no name."""
    return [table for table in view.package.with_role("data") if len(table.primary_key) == 1]


def _rows(view: ReleaseView) -> Iterator[Entry]:
    in_sources = defaultdict(list)
    for row in view.rows.get("memberships", ()):
        in_sources[row["country_id"]].append(row["name_in_source"] or "")
    for table in searched_tables(view):
        for row_id, row in view.by_id[table.name].items():
            label = view.label(table.name, row_id)
            address = view.entity_page(table.name, row_id) or view.row_address(table.name, row_id)
            words = [text for text in row.values() if text and text != label]
            if table.name == "countries":
                words += [*(name.text for name in names(row["iso2"])), *english_names(row_id), *in_sources[row_id]]
            if address:
                title = f"{row_id} {label}" if table.name == "projects" and label != row_id else label
                detail = _detail(view, "" if table.name == "regions" else row.get("region_id"), row.get("last_edition"))
                yield table.name, title[:_LONGEST], address, " ".join(words)[: 2 * _LONGEST], detail


def _sources(view: ReleaseView) -> Iterator[Entry]:
    for source_id, marks in view.marks.items():
        source = marks.source
        detail = _detail(view, source["region_id"], source["edition"])
        yield "source", source["title"] or source_id, marks.parts[0].path, f"{source_id} {source['publisher'] or ''}", detail


def _detail(view: ReleaseView, region: str | None, edition: str | None) -> str:
    return ", ".join([*([view.label("regions", region)] if region else []), *([f"edition {edition}"] if edition else [])])


def _releases(releases: Sequence[Release]) -> Iterator[Entry]:
    for release in reversed(releases):
        title = f"{release.version} of {release.date}" + (" (withdrawn)" if release.withdrawn else "")
        yield (
            "release",
            title,
            page_path("history", release.version),
            f"{release.info['summary']} {release.digest}"[:_LONGEST],
            "",
        )
