"""How a table is written in its file: the Table Dialect of version 2, with the properties of version 1.

https://datapackage.org/standard/table-dialect/ and https://specs.frictionlessdata.io/csv-dialect/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cbrn_data.tabular import grammar
from cbrn_data.tabular.schema import not_texts

_LINE_ENDS = ("\r\n", "\n", "\r")


class DialectError(ValueError):
    """A dialect that is invalid or not supported."""


@dataclass(frozen=True)
class Dialect:
    """The properties of a dialect, with the defaults of the standard.

    ``delimiter`` None: the comma, or the tab in a TSV file. ``quote`` and ``escape`` are single characters, "" for none,
    ``comment`` one or more. ``header_rows`` and ``comment_rows`` count the rows of the file from 1. ``rows_in`` is the
    property of a JSON file that has the rows, ``item_type`` their type, "" for any. ``sheet`` is the number from 1 of a
    sheet, or its name.
    """

    delimiter: str | None = None
    quote: str = '"'
    double_quote: bool = True
    escape: str = ""
    skip_initial_space: bool = False
    line_end: str = ""
    null: str = ""
    header_rows: tuple[int, ...] = (1,)
    header_join: str = " "
    header_case: bool = True
    comment_rows: frozenset[int] = frozenset()
    comment: str = ""
    rows_in: str = ""
    item_keys: tuple[str, ...] = ()
    item_type: str = ""
    sheet: int | str = 1

    @property
    def has_header(self) -> bool:
        """Whether the table has labels."""
        return bool(self.header_rows)

    def plain(self, delimiter: str) -> grammar.Dialect | None:
        """Return the dialect for the reader of blocks; None if the table has to be read row by row."""
        usual = Dialect(quote=self.quote, header_rows=self.header_rows[:1], header_case=self.header_case, sheet=self.sheet)
        named = Dialect(**{**vars(self), "delimiter": None, "header_join": " ", **_JSON_ONLY})
        delimiter = self.delimiter or delimiter
        marks = delimiter + self.quote
        if named != usual or self.header_rows not in ((), (1,)) or not self.quote or not marks.isascii():
            return None
        return grammar.Dialect(delimiter, self.quote)


def read_dialect(descriptor: Any) -> Dialect:
    """Return the dialect of a descriptor. Raises DialectError."""
    if not isinstance(descriptor, Mapping):
        raise DialectError("the dialect must be an object")
    for fault in not_texts(descriptor, "$schema", "name", "title", "description"):
        raise DialectError(fault)
    given = {key: value for key, value in descriptor.items() if key not in _IGNORED}
    given |= given.pop("csv", {}) if isinstance(given.get("csv"), dict) else {}
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in _READ:
            if near := get_close_matches(str(key), _READ, 1, 0.8):
                raise DialectError(f"a dialect has no property {str(key)[:40]}; did you mean {near[0]}?")
            continue  # a descriptor may have properties of its own
        name, read = _READ[key]
        try:
            found[name] = read(value)
        except ValueError as error:
            raise DialectError(f"{key} is {str(value)[:40]!r} and must be {error}") from error
    if not found.pop("header", True):
        found["header_rows"] = ()
    dialect = Dialect(**found)
    marks = [mark for mark in (dialect.delimiter or ",", dialect.quote, dialect.escape) if mark]
    if len(set(marks)) < len(marks) and dialect.escape != dialect.quote:
        raise DialectError("delimiter, quotation mark and escape character must differ")
    return dialect


def character(value: Any) -> str:
    """Return a single character that ends no line. Raises ValueError."""
    if not isinstance(value, str) or len(value) != 1 or value in "\r\n\0":
        raise ValueError("a single character that does not end lines")
    return value


def _maybe(value: Any) -> str:
    return "" if value in (None, "") else character(value)


def _beginning(value: Any) -> str:
    """Return the characters that begin a comment, "" for none."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or any(mark in value for mark in "\r\n\0"):
        raise ValueError("characters that do not end lines")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _line_end(value: Any) -> str:
    """Return "" for the usual line ends, which are all recognised."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return "" if value in _LINE_ENDS else value


def _rows(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(row) is int and row > 0 for row in value):
        raise ValueError("a list of row numbers from 1")
    return tuple(sorted(set(value)))


def _number(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError("a number from 1")
    return value


def _item_type(value: Any) -> str:
    if value not in ("array", "object"):
        raise ValueError("array or object")
    return str(value)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of texts")
    return tuple(value)


_IGNORED = frozenset(("$schema", "name", "title", "description", "type", "csvddfVersion", "table"))
"""Properties that do not change how a table is read here."""
_JSON_ONLY: dict[str, Any] = {"rows_in": "", "item_keys": (), "item_type": ""}

_READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "delimiter": ("delimiter", character),
    "quoteChar": ("quote", _maybe),
    "doubleQuote": ("double_quote", _boolean),
    "escapeChar": ("escape", _maybe),
    "skipInitialSpace": ("skip_initial_space", _boolean),
    "lineTerminator": ("line_end", _line_end),
    "nullSequence": ("null", _text),
    "header": ("header", _boolean),
    "headerRows": ("header_rows", _rows),
    "headerJoin": ("header_join", _text),
    "headerCase": ("header_case", _boolean),
    "caseSensitiveHeader": ("header_case", _boolean),  # the name in version 1
    "commentRows": ("comment_rows", lambda value: frozenset(_rows(value))),
    "commentChar": ("comment", _beginning),
    "property": ("rows_in", _text),
    "itemKeys": ("item_keys", _names),
    "itemType": ("item_type", _item_type),
    "sheetNumber": ("sheet", _number),
    "sheetName": ("sheet", _text),
}
"""The field of ``Dialect`` for each property, and its reader, which raises ValueError with what the value must be."""
