"""A claim: the value that one source gives a cell, with its words."""

from __future__ import annotations

from dataclasses import dataclass

from cbrn_data.normalise.readings import AS_PRINTED, Words
from cbrn_data.normalise.text import Span
from cbrn_data.sources.source import Source

Key = tuple[tuple[str, str], ...]
"""The primary key of a row: pairs of field and value, in the order of the schema."""


@dataclass(frozen=True)
class Claim:
    """``field`` of the row ``key`` of ``table`` has ``value``, by the words of ``source`` at ``span``."""

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
        return "/".join(value for _, value in self.key)

    @property
    def quote(self) -> str:
        """The words, exactly as in the source."""
        return self.source.document.quote(self.span)

    @property
    def words(self) -> Words:
        """The quote as it is read, with the region and edition of its source."""
        region = str(self.source.metadata.get("region") or "")
        quote = self.quote if self.method in AS_PRINTED else self.source.document.words(self.span)
        return Words(self.table, self.field, self.method, quote, region, self.source.edition)

    @property
    def place(self) -> tuple[str, int]:
        """The path of the file under ``raw/``, and the first line of the words."""
        return self.source.place, self.source.document.line(self.span.start)
