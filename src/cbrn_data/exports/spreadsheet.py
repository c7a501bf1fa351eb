"""Write a workbook (XLSX, ISO/IEC 29500) sheet by sheet, in the memory of some rows; the same input gives the same bytes.

A library with cells of every kind takes ten times as long.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from markupsafe import escape

from cbrn_data.store import zips

Cell = str | int | None

_OPC = "application/vnd.openxmlformats"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CORE = f"{_PACKAGE}/metadata/core-properties"
_DUBLIN_CORE = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_HEAD, _TEXT = 1, 2
"""The numbers of the cell formats of ``_STYLES``: bold, and text."""
_FONT = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_FROZEN = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews>"
)
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")
"""Characters that a cell has as ``_x001F_``, and the first of what would be read as such a one."""
_ROWS = 1000


class Book:
    """An open workbook, to which sheets are added in order."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sheets: list[tuple[str, str]] = []

    def add(self, name: str, titles: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a sheet with a frozen line of titles, which filters: a text is a cell of text, an integer a number."""
        letters = [_letters(place) for place in range(len(titles))]
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{width}" style="{_TEXT}" customWidth="1"/>'
            for place, width in enumerate(widths, 1)
        )
        last, rows = 1, iter(rows)
        part = zips.entry(f"xl/worksheets/sheet{len(self._sheets) + 1}.xml")
        with self._archive.open(part, "w") as file:
            file.write(f'{_XML}<worksheet xmlns="{_MAIN}">{_FROZEN}<cols>{columns}</cols><sheetData>'.encode())
            file.write(_row(1, letters, titles, _HEAD).encode())
            while some := list(islice(rows, _ROWS)):
                file.write("".join(_row(last + place, letters, row) for place, row in enumerate(some, 1)).encode())
                last += len(some)
            whole = f"A1:{letters[-1]}{last}"
            file.write(f'</sheetData><autoFilter ref="{whole}"/></worksheet>'.encode())
        filtered = re.sub("([A-Z]+)([0-9]+)", r"$\1$\2", whole)
        self._sheets.append((name, f"'{name}'!{filtered}"))

    def end(self, about: Mapping[str, str], date: str) -> None:
        """Write what lists the sheets, and the properties: ``about`` by element of Dublin Core, and the day."""
        numbers = range(1, len(self._sheets) + 1)
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, (name, _) in enumerate(self._sheets, 1)
        )
        filters = "".join(
            f'<definedName name="_xlnm._FilterDatabase" localSheetId="{number}" hidden="1">{escape(place)}</definedName>'
            for number, (_, place) in enumerate(self._sheets)
        )
        said = "".join(f"<dc:{name}>{escape(text)}</dc:{name}>" for name, text in about.items())
        days = "".join(
            f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{date}T00:00:00Z</dcterms:{name}>'
            for name in ("created", "modified")
        )
        sheets = {f"worksheets/sheet{number}.xml": f"{_DOCUMENT}/worksheet" for number in numbers}
        types = {f"xl/{name}": f"{_OPC}-officedocument.spreadsheetml.worksheet+xml" for name in sheets} | {
            "xl/workbook.xml": f"{_OPC}-officedocument.spreadsheetml.sheet.main+xml",
            "xl/styles.xml": f"{_OPC}-officedocument.spreadsheetml.styles+xml",
            "docProps/core.xml": f"{_OPC}-package.core-properties+xml",
        }
        parts = {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{listed}</sheets>'
            f"<definedNames>{filters}</definedNames></workbook>",
            "xl/styles.xml": _STYLES,
            "xl/_rels/workbook.xml.rels": _related({**sheets, "styles.xml": f"{_DOCUMENT}/styles"}),
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_CORE}" {_DUBLIN_CORE} '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{said}{days}</cp:coreProperties>',
            "_rels/.rels": _related(
                {
                    "xl/workbook.xml": f"{_DOCUMENT}/officeDocument",
                    "docProps/core.xml": f"{_PACKAGE}/relationships/metadata/core-properties",
                }
            ),
            "[Content_Types].xml": _types(types),
        }
        for name, text in parts.items():
            self._archive.writestr(zips.entry(name), _XML + text)


@contextmanager
def workbook(path: Path, about: Mapping[str, str], date: str) -> Iterator[Book]:
    """Write a workbook as ``path``; ``about`` and ``date`` are as for ``Book.end``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        book = Book(archive)
        yield book
        book.end(about, date)


def _row(number: int, letters: Sequence[str], cells: Sequence[Cell], style: int = _TEXT) -> str:
    made = []
    for letter, cell in zip(letters, cells, strict=True):
        if isinstance(cell, int):
            made.append(f'<c r="{letter}{number}"><v>{cell}</v></c>')
        elif cell:
            made.append(f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is>{_text(cell)}</is></c>')
    return f'<row r="{number}">{"".join(made)}</row>'


def _text(text: str) -> str:
    if not text.isprintable() or "_x" in text:
        text = _SPECIAL.sub(lambda char: f"_x{ord(char[0]):04X}_", text)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{space}>{escape(text)}</t>"


def _letters(place: int) -> str:
    """Return the name of a column by its place.

    >>> _letters(0), _letters(26)
    ('A', 'AA')
    """
    above, rest = divmod(place, 26)
    return (_letters(above - 1) if above else "") + chr(ord("A") + rest)


def _related(targets: Mapping[str, str]) -> str:
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{name}"/>'
        for number, (name, kind) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'


def _types(types: Mapping[str, str]) -> str:
    listed = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    default = f'<Default Extension="rels" ContentType="{_OPC}-package.relationships+xml"/>'
    default += '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{default}{listed}</Types>'
