"""A received file to text: its kind by its bytes, its reader, and the kept text of a refused file.

A name that does not match the bytes is refused, because people who open the file would see something else than was read. The
readers run in a separate process with limits (``isolated``).
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from cbrn_data.documents.text import ReadText, RefusedError, from_value
from cbrn_data.errors import CbrnDataError, SourceError, extra_missing
from cbrn_data.findings import Finding, shown
from cbrn_data.isolated import LimitError, Limits, UnreadableError, read_isolated
from cbrn_data.sources.document import Document, read_document

SUFFIXES = {".pdf": "PDF", ".docx": "DOCX", ".html": "HTML", ".htm": "HTML"}
"""The kinds of documents, by file extension."""
LEAFLET_SUFFIXES = {".txt", *SUFFIXES}
"""The file extensions of leaflets."""

READERS = {
    "PDF": "cbrn_data.documents.pdf:read_pdf",
    "DOCX": "cbrn_data.documents.docx:read_docx",
    "HTML": "cbrn_data.documents.html:read_html",
}
"""The reader of each kind: a function of an open file with a JSON result."""

_NEEDS = {"PDF": ("pdfminer", "spellchecker"), "DOCX": (), "HTML": ("selectolax",)}
"""The libraries of each reader, all in the extra ``leaflets``."""

_OLD = "old Word or Excel file"
_LIMITS = Limits()
_BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0", _OLD),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"II*\0", "picture"),
    (b"MM\0*", "picture"),
    (b"GIF8", "picture"),
)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_received(name: str, data: bytes) -> ReadText:
    """Return the text of a document. Raises SourceError with a finding if it is refused; the extracted text is then kept."""
    try:
        return from_value(_run(kind_of(name, data), data))
    except RefusedError as error:
        raise refusal(name, error) from error


def read_again(data: bytes) -> ReadText:
    """Return the text of a kept document, whose kind is found from its bytes. Raises SourceError."""
    kind = by_bytes(data)
    suffix = next((suffix for suffix, known in SUFFIXES.items() if known == kind), ".html")
    try:
        return from_value(_run(SUFFIXES[suffix], data))
    except RefusedError as error:
        raise SourceError(str(error), [Finding(error.code, str(error))]) from error


def refusal(name: str, error: RefusedError) -> SourceError:
    """Return the error of a refused document; its finding names the file with the extracted text."""
    kept = f"; the extracted text is in {shown(str(keep(Path(name), error.text)))}" if error.text.strip() else ""
    finding = Finding(error.code, f"{shown(str(error), 250)}{kept}", name)
    return SourceError(f"{name} cannot be read", [finding])


def doubts(doubted: Iterable[tuple[int, str]], place: str) -> list[Finding]:
    """Return a finding for each doubt; lines count in the extracted text."""
    return [Finding("document-doubtful", shown(message, 250), place, line) for line, message in doubted]


def text_document(read: ReadText, path: Path) -> tuple[Document | None, list[Finding]]:
    """Return the text of a document at ``path``, and the findings that refuse it."""
    document, findings = read_document(str(path), read.text.encode(errors="replace"), "leaflet")
    return document, [*findings, *doubts(read.doubts, str(path))]


def keep(path: Path, text: str) -> Path:
    """Keep the text of a document in its folder, or, if that cannot be written, in the folder for temporary files.

    A file with other bytes is never overwritten, because somebody may have corrected it.
    """
    for folder in (path.parent, Path(tempfile.gettempdir())):
        for number in range(1, 100):
            target = folder / f"{path.name}.read{'' if number == 1 else f'-{number}'}.txt"
            try:
                with target.open("x", encoding="utf-8", errors="replace", newline="") as stream:
                    stream.write(text)
                return target
            except FileExistsError:
                if target.is_file() and not target.is_symlink() and target.read_bytes() == text.encode(errors="replace"):
                    return target
            except OSError:
                break
    raise CbrnDataError(
        f"{shown(str(path))}: the extracted text can be kept neither in its folder nor in a temporary folder"
    )


def kind_of(name: str, data: bytes) -> str:
    """Return PDF, DOCX or HTML. Raises RefusedError if the bytes do not match the name."""
    wanted, found = SUFFIXES[Path(name).suffix.lower()], by_bytes(data)
    if is_locked(found, data):
        raise RefusedError("document-locked", "is a Word file with a password")
    if found == wanted or (found == "text" and wanted == "HTML"):
        return wanted
    ending = next((suffix for suffix, kind in SUFFIXES.items() if kind == found), ".txt" if found == "text" else "")
    way = f"name it *{ending}" if ending else "save it as PDF or DOCX"
    raise RefusedError("document-mislabelled", f"is named as {wanted}, but is {_article(found)} by its bytes: {way}")


def is_locked(kind: str, data: bytes) -> bool:
    """Return whether a file of a ``kind`` by its bytes is a Word file or a workbook with a password."""
    return kind == _OLD and _ENCRYPTED in data


def is_document(data: bytes) -> str:
    """Return the kind of a document that was given as a text, or an empty string."""
    found = by_bytes(data)
    return "" if found == "text" else found


def by_bytes(data: bytes) -> str:
    """Return the kind of a file by its bytes; ``text`` if nothing tells another one."""
    if b"%PDF-" in data[:1024]:
        return "PDF"
    if data.startswith(b"PK\x03\x04"):
        return _packed(data)
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "HTML" if start.startswith((b"<!doctype html", b"<html")) else "text"


def _packed(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "DOCX"  # its reader reports it as damaged
    if "word/document.xml" in names:
        return "DOCX"
    if "xl/workbook.xml" in names:
        return "XLSX"
    return "OpenDocument file" if "content.xml" in names else "packed archive"


def _article(kind: str) -> str:
    return kind if kind in ("HTML", "RTF", "XLSX") else f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"


def _run(kind: str, data: bytes) -> Any:
    for module in _NEEDS[kind]:
        if find_spec(module) is None:
            raise CbrnDataError(extra_missing(f"reading {kind}", "leaflets", module))
    return run_reader(READERS[kind], data)


def run_reader(reader: str, data: bytes, limits: Limits = _LIMITS) -> Any:
    """Return the result of a reader in its own process. Raises RefusedError."""
    try:
        return read_isolated(reader, data, limits)
    except LimitError as error:
        raise RefusedError("document-too-large", str(error)) from error
    except UnreadableError as error:
        raise RefusedError("document-damaged", str(error)) from error
