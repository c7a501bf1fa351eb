"""Read the saved values of a workbook (XLSX, ISO/IEC 29500) in the reader process (``isolated``)."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from cbrn_data.findings import shown
from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.cells import coded
from cbrn_data.tabular.opening import FREE, RATIO

MOST_CELLS = 50_000_000
"""The most cells of a sheet of which the saved values are read."""
_AT_ONCE, _CELLS_AT_ONCE = 2_000, 100_000
"""The rows, and about the cells, that are handed over at once."""
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def read_values(file: IO[bytes], sheet: str) -> Iterator[list[list[Any]]]:
    """Yield the rows of a sheet as lists of saved values, from the first row on; ``sheet`` is its number or name, as JSON.

    A day or a time is an object with ``datetime`` or ``time``. A formula has the value that was saved with it.
    """
    wanted = json.loads(sheet)
    book = opened(file, read_only=True, data_only=True)
    names = book.sheetnames
    if isinstance(wanted, str) and wanted not in names:
        raise UnreadableError(f"has no sheet {shown(wanted, 40)!r}; its sheets: {shown(', '.join(names), 300)}")
    if isinstance(wanted, int) and wanted > len(names):
        raise UnreadableError(f"has {len(names)} sheets, not {wanted}")
    page = book[wanted if isinstance(wanted, str) else names[wanted - 1]]
    if not hasattr(page, "reset_dimensions"):
        raise UnreadableError(f"has no cells in {shown(page.title, 40)!r}, which is a chart")
    page.reset_dimensions()  # the size that the file states can be wrong
    cells, rows = 0, []
    for row in page.iter_rows(values_only=True):
        rows.append([unescaped(value) if isinstance(value, str) else coded(value) for value in row])
        cells += len(row) + 1
        if cells > MOST_CELLS:
            raise UnreadableError(f"has more than {MOST_CELLS:,} cells")
        if len(rows) >= _AT_ONCE or len(row) * len(rows) >= _CELLS_AT_ONCE:
            yield rows
            rows = []
    yield rows


def opened(file: IO[bytes], **options: bool) -> Any:
    """Return an open workbook whose uncompressed size is limited. Raises UnreadableError."""
    import openpyxl

    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
        if sum(part.file_size for part in parts) > FREE + RATIO * sum(part.compress_size for part in parts):
            raise UnreadableError(f"expands to more than {RATIO} times its size, so it is not read")
        return openpyxl.load_workbook(file, keep_links=False, **options)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # the library does not translate the errors of its parsers
        raise UnreadableError(f"is not an XLSX workbook that can be read ({type(error).__name__})") from error


def unescaped(text: str) -> str:
    """Return a text with the characters for which the format writes codes (``_x000D_``)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
