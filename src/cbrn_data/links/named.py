"""The pages named in rows of curated tables and of the lists under ``raw/``, each with all its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag

from cbrn_data.schema.curated import address_columns
from cbrn_data.schema.model import Package
from cbrn_data.sources.addresses import PUBLIC_PAGE
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.source import Source

_KINDS = ("curated", "regions", "corrections", "renames")


@dataclass(frozen=True)
class Use:
    """A cell that names a page: its file, line and column, and the archived copy of this page that its row names."""

    file: str
    line: int
    field: str
    archived_url: str | None


def named_pages(sources: Iterable[Source], package: Package) -> dict[str, list[Use]]:
    """Return every address of a page, without its fragment, with the cells that name it, in their order.

    Addresses other than http(s) are left out: publishing refuses them.
    """
    pages: dict[str, list[Use]] = defaultdict(list)
    for source in (source for source in sources if source.kind in _KINDS):
        columns = address_columns(package.tables.get(str(source.metadata.get("table"))))
        for row in read_cells(source.document).rows:
            for name in columns:
                address = row.text(name) or ""
                if PUBLIC_PAGE.fullmatch(address):
                    copy = row.text("archived_url") if address == row.text("url") else None
                    pages[urldefrag(address).url].append(Use(source.place, row.line, name, copy))
    return dict(pages)
