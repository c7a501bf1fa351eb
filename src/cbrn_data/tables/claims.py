"""A claim: what one source says of one cell, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

from cbrn_data.sources.source import Source
from cbrn_data.words.readings import AS_PRINTED, Words
from cbrn_data.words.text import Span

Key = tuple[tuple[str, str], ...]
"""The primary key of a row: pairs of field and value, in the order of the schema."""


@dataclass(frozen=True)
class Claim:
    """``field`` of the row ``key`` of ``table`` has ``value``, as ``source`` says at ``span``."""

    table: str
    key: Key
    field: str
    value: str
    source: Source
    span: Span
    method: str
    url: str | None = None
    certainty: str | None = None
    read_on: str | None = None
    archived_url: str | None = None

    @property
    def row_id(self) -> str:
        """The parts of the key, joined with ``/``."""
        return row_id(self.key)

    @property
    def quote(self) -> str:
        """The words, exactly as they stand in the source."""
        return self.source.document.quote(self.span)

    @property
    def words(self) -> Words:
        """The quote as it is read, with what its source says of it."""
        region = str(self.source.about.get("region") or "")
        quote = self.quote if self.method in AS_PRINTED else self.source.document.words(self.span)
        return Words(self.table, self.field, self.method, quote, region, self.source.edition)

    @property
    def place(self) -> tuple[str, int]:
        """The file as people know it, and the first line of the words."""
        return self.source.place, self.source.document.line(self.span.start)


def row_id(key: Key) -> str:
    """Return the id of a row: the parts of its key, joined with ``/``."""
    return "/".join(value for _, value in key)
