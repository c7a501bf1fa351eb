"""Guess the format of a file from its first bytes, and its delimiter from its first lines."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from itertools import islice
from typing import Any, BinaryIO

from cbrn_data.tabular.grammar import MARK, Dialect, records, split

HEAD = 1 << 14
"""The bytes to look at."""

_BEGINNINGS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"RIFF", "a picture or sound (RIFF)"),
    (b"%PDF-", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or Word document"),
    (b"{\\rtf", "an RTF document"),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS"),
)
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BLANK = rb"(?:\xef\xbb\xbf)?(?:\s|<!--(?s:.*?)-->)*+"
_MARKUP = re.compile(_BLANK + rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_XML = re.compile(_BLANK + rb"<(?:\?xml|!doctype)\b", re.IGNORECASE)
_ELEMENT = re.compile(_BLANK + rb"<([a-z][\w:.-]*)(?:\s[^<>]*)?(?:/>|>(?s:.*)</)", re.IGNORECASE)
_OF_HTML = frozenset(b"title meta script style table div span p h1 pre center iframe".split())
_JSON = re.compile(_BLANK + rb"(?:\[\s*(?:[\[{]|\]\s*\Z|[\d\s,.\"eE+-]+\]\s*\Z)|\{\s*(?:\}\s*\Z|\"(?:[^\"\\]|\\.)*\"\s*:))")
_JSON_LINES = re.compile(rb"(?:\xef\xbb\xbf)?\s*(\{[^\r\n]*\}|\[[^\r\n]*\])[ \t]*(?:\r?\n|\Z)\s*(?:[\[{]|\Z)")
_OFFICE = ((b"xl/", "an Excel workbook"), (b"word/", "a Word document"), (b"content.xml", "an OpenDocument file"))
_TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1f\r\n]+[\r\n](?:[^\x00-\x08\x0e-\x1f]{4,}+\0?)+\Z")
"""A header, and text with some NUL bytes, each of which is a fault of its row."""
_DELIMITERS = (";", "\t", "|", ",")


def content_kind(head: bytes) -> str | None:
    """Return what a file is if its first bytes show that it is not a CSV table in UTF-8; None if they do not.

    >>> content_kind(b"<!DOCTYPE html><p>Not found"), content_kind(b"id,name\\n1,a\\n")
    ('an HTML page', None)
    """
    if head.startswith(b"PK\x03\x04"):
        return next((f"{name} (a ZIP archive)" for part, name in _OFFICE if part in head), "a ZIP archive")
    if known := next((name for beginning, name in _BEGINNINGS if head.startswith(beginning)), None):
        return known
    if marked := marked_encoding(head):
        return f"text in {marked.upper()}"
    if (zeros := head.count(0)) and _is_wide(head, zeros):
        return "text in UTF-16"
    if zeros and not _TEXT.match(head):
        return "binary, not text"
    for pattern, name in ((_MARKUP, "an HTML page"), (_XML, "XML"), (_JSON, "JSON")):
        if pattern.match(head):
            return name
    # A label may be an element, but not all of the header.
    element = _ELEMENT.match(head) if len(head) >= HEAD or head.rstrip().endswith(b">") else None
    return None if element is None else "an HTML page" if element[1].lower() in _OF_HTML else "XML"


def content_suffix(head: bytes) -> str:
    """Return the suffix for a table without a name.

    >>> content_suffix(b'[{"id": 1}]'), content_suffix(b"id,name\\n"), content_suffix(b"\\x1f\\x8b")
    ('json', 'csv', 'gz')
    """
    kind = content_kind(head) or ""
    known = {"compressed with gzip": "gz", "a ZIP archive": "zip", "a Parquet file": "parquet", "JSON": "json"}
    if kind == "JSON" and is_json_lines(head):
        return "jsonl"
    return "xlsx" if kind.startswith("an Excel workbook") else known.get(kind, "csv")


def is_json_lines(head: bytes) -> bool:
    """Return whether the first line of a file is an object or an array of its own, and not the only array.

    >>> is_json_lines(b'{"id": 1}\\n{"id": 2}\\n'), is_json_lines(b'[{"id": 1}]\\n'), is_json_lines(b'{"id":\\n1}')
    (True, False, False)
    """
    found = _JSON_LINES.match(head)
    if not found or (found[1].startswith(b"[") and found.end() == len(head) and head[-1:] not in b"[{"):
        return False
    try:
        json.loads(found[1])
    except ValueError:
        return False
    return True


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark names, if it is not UTF-8."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _is_wide(head: bytes, zeros: int) -> bool:
    """Return whether almost every second byte is zero."""
    places = Counter(place % 2 for place, byte in enumerate(head[:1000]) if not byte)
    return zeros > len(head) // 3 and min(places[0], places[1]) * 10 < max(places.values())


def bad_byte(head: bytes) -> int:
    """Return the place, from 1, of the first byte of the first line that is not UTF-8; 0 if there is none.

    >>> bad_byte(b"gr\\xf6\\xdfe,name\\n1,a\\n"), bad_byte(b"id,name\\n")
    (3, 0)
    """
    line = re.match(rb"[^\r\n]*[\r\n]", head) or re.match(rb"[^\r\n]*", head[: len(head) if len(head) < HEAD else 0])
    try:
        line[0].decode() if line else ""
    except UnicodeDecodeError as error:
        return error.start + 1
    return 0


def likely_delimiter(head: bytes, current: str = ",") -> str | None:
    """Return the delimiter of a table if it is not ``current``, and there is no doubt; else None.

    There is no doubt if ``current`` is not in the header, and one other mark splits the header into the names of columns, or
    all first records into equally many cells. Of several, that which makes the most cells is taken.

    >>> likely_delimiter(b"id;name\\n1;a\\n"), likely_delimiter(b"id;name\\n1\\n"), likely_delimiter(b"a;b,c\\n")
    (';', ';', None)
    """
    head = head.removeprefix(MARK)
    header = re.match(rb"[^\r\n]*", head.lstrip(b"\r\n"))
    if not header or current.encode() in header[0]:
        return None
    found = {}
    for mark in _DELIMITERS:
        dialect = Dialect(mark)
        spans = [span for span in islice(records(head, dialect), 20) if span[0] < span[1]]
        if len(spans) > 1 and len(head) >= HEAD and spans[-1][1] == len(head):
            spans.pop()  # it may be cut off
        rows = [
            split(line, dialect)
            for start, end in spans
            if (line := head[start:end].decode("utf-8", "replace").strip("\r\n"))
        ]
        if mark == current or not rows or len(rows[0]) < 2:
            continue
        if len({len(row) for row in rows}) == 1 or all(re.fullmatch(r"\w+", name.strip()) for name in rows[0]):
            found[mark] = len(rows[0])
    return max(found, key=lambda mark: found[mark], default=None)


def looked_at(content: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Return the first bytes, and the content from its beginning."""
    head = b""
    while len(head) < HEAD and (more := content.read(HEAD - len(head))):
        head += more
    return head, _Again(head, content)  # type: ignore[return-value]


class _Again(io.RawIOBase):
    """Bytes that were read, and the rest of their file."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head, self._file = head, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._head:
            count = min(len(buffer), len(self._head))
            buffer[:count], self._head = self._head[:count], self._head[count:]
            return count
        return int(self._file.readinto(buffer))  # type: ignore[attr-defined]
