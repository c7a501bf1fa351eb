"""Read the blocks of any table, whatever its format, compression, encoding, dialect and number of files."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from cbrn_data import foreign
from cbrn_data.findings import shown
from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.blocks import Block, read_blocks, read_header
from cbrn_data.tabular.formats import FORMS, PACKED, form_of_suffix
from cbrn_data.tabular.grammar import MARK
from cbrn_data.tabular.header import columns, header_issues, matched
from cbrn_data.tabular.issues import LISTED, Issue, Tally
from cbrn_data.tabular.magic import (
    HEAD,
    bad_byte,
    content_kind,
    content_suffix,
    is_json_lines,
    likely_delimiter,
    looked_at,
)
from cbrn_data.tabular.native import Number, json_number
from cbrn_data.tabular.opening import CHUNK, UTF8, Decoded, Hashing, unpacked
from cbrn_data.tabular.places import parse_file
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.rows import Row, csv_rows, in_blocks, json_rows, labelled, moved, with_labels_of
from cbrn_data.tabular.verdict import Verdict, algorithms, digest_file, read_through


def read(verdict: Verdict) -> Iterator[Block]:
    """Yield the blocks of a table with the columns of its schema; add the issues of file and header to the tally.

    Raises OSError for a file that cannot be opened, and UnreadableError for one that is not what it should be.
    """
    resource = verdict.resource
    if not resource.paths:
        yield from _inline(verdict)
        return
    before, whole = 0, verdict.tally
    for number, path in enumerate(resource.paths):
        part = verdict.part = resource.place_of(path) if len(resource.paths) > 1 else ""
        rows, verdict.tally = before, Tally(whole.cap) if part else whole
        try:
            for block in _file(verdict, path, is_first=number == 0):
                yield moved(block, before, part) if part else block
                rows = before + int(block.rows(_last(block))[-1]) if block.table.num_rows else rows
        finally:
            if part:
                whole.extend(verdict.tally, before, part=part)
                verdict.tally = whole
        before = rows


def _last(block: Block) -> Any:
    import numpy as np

    return np.array([block.table.num_rows - 1], dtype=np.int64)


def _file(verdict: Verdict, path: Path, is_first: bool) -> Iterator[Block]:
    resource = verdict.resource
    compression = resource.compression_of(path)
    if resource.form in ("json", "xlsx", "parquet") or compression == "zip":
        if verdict.is_hashed:
            digest_file(verdict, path)
        with resource.opened(path) as file, unpacked(file, compression, resource.inner) as whole:
            yield from _of_form(verdict, whole, is_first)
        return
    with ExitStack() as stack:
        raw = stack.enter_context(resource.opened(path, buffering=0))
        thread = stack.enter_context(ThreadPoolExecutor(1))
        hashing = Hashing(raw, thread, algorithms(verdict))
        content: Any = stack.enter_context(unpacked(hashing, compression))  # type: ignore[arg-type]
        yield from _of_form(verdict, content, is_first)
        while hashing.read(1 << 20):
            pass
        read_through(verdict, hashing)


def _of_form(verdict: Verdict, content: BinaryIO, is_first: bool) -> Iterator[Block]:
    """Yield the blocks of unpacked content."""
    resource = verdict.resource
    if resource.form == PACKED:
        form, content = _form_inside(content)
        verdict.resource = resource = replace(resource, form=form)
    if resource.form in ("csv", "tsv", "inline"):
        yield from _text(verdict, content, is_first)
    elif resource.form in ("json", "jsonl"):
        decoded = Decoded(content, resource.encoding) if resource.encoding != UTF8 else None
        head, content = looked_at(decoded or content)  # type: ignore[arg-type]
        if (kind := content_kind(head)) and kind != "JSON":
            raise UnreadableError(f"is {kind}, not JSON{_way_out(kind)}")
        yield from _json(verdict, _loaded(content)) if resource.form == "json" else _json_lines(verdict, content)
        if decoded:
            _undecodable(verdict, decoded, {})
    else:
        yield from _typed(verdict, content, is_first)


def _form_inside(content: Any) -> tuple[str, Any]:
    """Return the format of a compressed file, by its name in the archive, else by its first bytes; and its content."""
    form = form_of_suffix(content.inner.rpartition(".")[2].lower()) if content.inner else ""
    if form in FORMS:
        return form, content
    head, content = looked_at(content)
    form = content_suffix(head)
    return (form if form in FORMS else "csv"), content


def _text(verdict: Verdict, content: BinaryIO, is_first: bool) -> Iterator[Block]:
    """Yield the blocks of CSV, decoded if it is not in UTF-8."""
    resource, decoded = verdict.resource, None
    if resource.encoding != UTF8:
        content = decoded = Decoded(content, resource.encoding)  # type: ignore[assignment]
    head, content = looked_at(content)
    if kind := content_kind(head):
        raise UnreadableError(f"is {kind}, not {resource.form.upper()}{_way_out(kind)}")
    if decoded is None and (place := bad_byte(head)):
        message = f"byte {place:,} of the header (0x{head[place - 1]:02x}) is not UTF-8; name the encoding of the file"
        verdict.tally.add(Issue(0, 1, "", "csv-encoding", message=message))
    delimiter = _delimiter(verdict, head) if is_first else _usual_delimiter(resource)
    plain = resource.dialect.plain(delimiter)
    if plain and plain.delimiter.isascii():
        blocks = _plain(verdict, content, plain, is_first)
    else:
        rows = csv_rows(content, resource.dialect, delimiter, verdict.tally)
        blocks = _from_rows(verdict, *_labelled(verdict, rows, is_first), is_first, typed=False)
    if decoded is None:
        yield from blocks
        return
    row_of: dict[int, int] = {}
    for block in blocks:
        row_of |= _rows_of(decoded, block)
        yield block
    _undecodable(verdict, decoded, row_of)


def _rows_of(decoded: Decoded, block: Block) -> dict[int, int]:
    """Return the row of each line with a byte that cannot be decoded; the last row of the block if the line is below it."""
    import numpy as np

    lines = [fault.line for fault in decoded.faults]
    if not lines or not block.table.num_rows:
        return {}
    rows, starts = block.where(np.arange(block.table.num_rows))
    places = np.searchsorted(starts, lines, side="right") - 1
    return {line: int(rows[place]) for line, place in zip(lines, places, strict=True) if place >= 0}


def _labelled(verdict: Verdict, rows: Iterator[Row], is_first: bool) -> tuple[list[str], Iterator[Row]]:
    """Return the labels and the rows of data of one file; a later one may have no header of its own."""
    dialect, schema, head = verdict.resource.dialect, verdict.resource.fields, list[Row]()
    if is_first or not dialect.has_header:
        return labelled(rows, dialect, schema)
    for row in rows:
        head.append(row)
        if row.number >= dialect.header_rows[-1]:
            break
    labels = with_labels_of(labelled(iter(head), dialect, schema)[0], dialect, schema)
    if labels == verdict.labels:
        return labels, rows
    if _differs(verdict, labels):
        return labels, iter(())
    return labels, (row._replace(number=row.number + 1) for row in chain(head, rows))


def _differs(verdict: Verdict, labels: list[str]) -> bool:
    """Return whether the first row of a later file is a header that differs from the first one, which is then an issue.

    It is a header, and no row of data, if it has at least half of the labels.
    """
    shared = len({*labels} & {*verdict.labels})
    if not shared or 2 * shared < len(verdict.labels):
        return False
    way = "in another order" if sorted(labels) == sorted(verdict.labels) else "others"
    message = f"the labels are {way} than in the first file: {shown(', '.join(labels), 200)}"
    verdict.tally.add(Issue(0, 1, "", "header-wrong", "incorrect-label", message=message, part=verdict.part))
    return True


def _usual_delimiter(resource: Resource) -> str:
    return resource.dialect.delimiter or ("\t" if resource.form == "tsv" else ",")


def _delimiter(verdict: Verdict, head: bytes) -> str:
    """Return the delimiter of a table: the one that its first lines suggest, unless another is named."""
    resource, delimiter = verdict.resource, _usual_delimiter(verdict.resource)
    is_named, fields = resource.dialect.delimiter is not None, len(resource.fields.fields)
    likely = likely_delimiter(head, delimiter) if fields > 1 or (not fields and not is_named) else None
    if likely is None:
        return delimiter
    said = "which is named" if is_named else "and is used; name it as the delimiter"
    message = f"the delimiter seems to be {likely!r}, not {delimiter!r}, {said}"
    verdict.tally.add(Issue(0, 1, "", "file-delimiter", value=likely, message=message))
    if is_named:
        return delimiter
    verdict.resource = replace(resource, dialect=replace(resource.dialect, delimiter=likely))  # for all of its files
    return likely


def _way_out(kind: str) -> str:
    if "UTF-16" in kind or "UTF-32" in kind:
        return f"; name its encoding: {kind.split()[-1].lower()}"
    if "Git LFS" in kind:
        return "; get the file itself: git lfs pull"
    if kind.startswith("an Excel workbook"):
        return "; name its format, xlsx, or end its name so"
    if "document" in kind.lower() and "PDF" not in kind:  # of a text or a sheet, such as ODS
        return "; save it as XLSX or CSV"
    return "; name its compression, or unpack it" if "compressed" in kind or "ZIP archive" in kind else ""


def _undecodable(verdict: Verdict, decoded: Decoded, row_of: Mapping[int, int]) -> None:
    encoding = verdict.resource.encoding
    for fault in decoded.faults:
        message = f"byte {fault.place:,} of the file (0x{fault.value:02x}) is not {encoding}"
        verdict.tally.keep(Issue(row_of.get(fault.line, 0), fault.line, "", "csv-encoding", message=message))
    if decoded.count:
        verdict.tally.count("csv-encoding", decoded.count)


def _plain(verdict: Verdict, content: Any, dialect: Any, is_first: bool) -> Iterator[Block]:
    resource, schema = verdict.resource, verdict.resource.fields
    if resource.has_header:
        cells, begun, line = read_header(content, dialect)
        if not (is_first or cells or begun):  # a part without content
            return
        labels = with_labels_of([cell.strip() for cell in cells], resource.dialect, schema)
        if not is_first and labels != verdict.labels:  # a later part may have no header of its own
            if _differs(verdict, labels):
                return
            begun, line, labels = _record(cells, dialect) + begun, 1, verdict.labels
    else:
        labels, begun, line = _unlabelled(verdict, content, dialect)
    names = _columns(verdict, labels, is_first)
    if names:
        for block in read_blocks(content, names, begun, line, dialect):
            yield matched(block, schema)


def _record(cells: list[str], dialect: Any) -> bytes:
    """Return a record that was read as bytes again."""
    quote = dialect.quote
    quoted = [f"{quote}{cell.replace(quote, quote * 2)}{quote}" for cell in cells]
    return f"{dialect.delimiter.join(quoted)}\n".encode()


def _unlabelled(verdict: Verdict, content: Any, dialect: Any) -> tuple[list[str], bytes, int]:
    """Return the labels of a table without a header: the names of the fields, else numbered ones."""
    if verdict.resource.schema:
        return list(verdict.resource.schema.names), content.read(len(MARK)).removeprefix(MARK), 1
    cells, begun, _ = read_header(content, dialect)
    return [f"field{place}" for place in range(1, len(cells) + 1)], _record(cells, dialect) + begun, 1


def _columns(verdict: Verdict, labels: list[str], is_first: bool) -> list[str]:
    """Keep the labels, add their issues to the tally, and return the names of the columns."""
    schema = verdict.resource.fields
    if is_first:
        verdict.labels[:] = labels
        for issue in header_issues(labels, schema):
            verdict.tally.add(issue)
    return columns(labels, schema)


def _from_rows(verdict: Verdict, labels: list[str], rows: Iterator[Row], is_first: bool, typed: bool) -> Iterator[Block]:
    resource = verdict.resource
    labels = [label.strip().encode(errors="replace").decode() for label in labels]
    labels = with_labels_of(labels, resource.dialect, resource.fields)
    names = _columns(verdict, labels if is_first else verdict.labels, is_first)
    if names:
        for block in in_blocks(rows, names, resource.fields, verdict.tally, int(resource.has_header), typed):
            yield matched(block, resource.fields)


def _loaded(content: BinaryIO) -> Any:
    data = bytearray()
    while len(data) <= foreign.LIMIT and (more := content.read(CHUNK)):
        data += more
    if len(data) > foreign.LIMIT:
        raise UnreadableError(f"has more than the limit of {foreign.LIMIT:,} bytes for JSON; use CSV or JSON Lines")
    try:
        return parse_file(bytes(data), parse_int=Number, parse_float=json_number)
    except ValueError as error:
        hint = "; it seems to be JSON Lines: name its format, jsonl" if is_json_lines(bytes(data[:HEAD])) else ""
        raise UnreadableError(f"is not valid JSON ({error}){hint}") from error


def _json(verdict: Verdict, value: Any) -> Iterator[Block]:
    resource = verdict.resource
    labels, rows = json_rows(value, resource.dialect, resource.fields)
    yield from _from_rows(verdict, labels, rows, True, typed=True)


def _json_lines(verdict: Verdict, content: BinaryIO) -> Iterator[Block]:
    """Yield the rows of JSON Lines; a line that is not JSON is an issue."""
    values: list[Any] = []
    lines: list[int] = []
    for number, line in enumerate(io.BufferedReader(content, CHUNK), start=1):  # type: ignore[type-var]
        if not line.strip():
            continue
        try:
            values.append(parse_file(line, parse_int=Number, parse_float=json_number))
            lines.append(number)
        except ValueError as error:
            message = f"the line is not valid JSON ({error})"
            verdict.tally.add(
                Issue(
                    len(lines),
                    number,
                    "",
                    "csv-quote",
                    message=message,
                    cells=(shown(line.decode("utf-8", "replace"), 200),),
                )
            )
    labels, rows = json_rows(values, replace(verdict.resource.dialect, rows_in=""), verdict.resource.fields)
    is_listed = bool(values) and isinstance(values[0], list)
    placed = (row._replace(line=lines[row.number - 2 + is_listed]) for row in rows)
    yield from _from_rows(verdict, labels, placed, True, typed=True)


def _typed(verdict: Verdict, content: BinaryIO, is_first: bool) -> Iterator[Block]:
    from cbrn_data.tabular.sheets import parquet_rows, sheet_rows, trimmed

    resource = verdict.resource
    if resource.form == "parquet":
        labels, rows = parquet_rows(content)
        yield from _from_rows(verdict, labels, rows, True, typed=True)  # each file has its own column names
        return
    head, content = looked_at(content)
    if not head.startswith(b"PK"):
        raise UnreadableError(f"is {content_kind(head) or 'text'}, not XLSX")
    rows = trimmed(sheet_rows(content, resource.dialect.sheet), resource.dialect, len(resource.fields.fields))
    rows = (row for row in rows if row.number not in resource.dialect.comment_rows)
    yield from _from_rows(verdict, *_labelled(verdict, rows, is_first), is_first, typed=False)


def _inline(verdict: Verdict) -> Iterator[Block]:
    """Yield the rows of the descriptor itself: JSON, or CSV or JSON as a text."""
    resource = verdict.resource
    if not isinstance(resource.rows, str):
        yield from _json(verdict, resource.rows)
        return
    data = resource.rows.encode("utf-8", "replace")
    if resource.form == "json":
        yield from _json(verdict, _loaded(io.BytesIO(data)))
    elif resource.form == "jsonl":
        yield from _json_lines(verdict, io.BytesIO(data))
    elif resource.form in ("csv", "tsv"):
        decoded = replace(verdict, resource=replace(resource, encoding=UTF8))  # with the same labels and tally
        yield from _text(decoded, io.BytesIO(data), True)
    else:
        raise UnreadableError("has a text as data; name its format, csv or json")


def collecting(verdict: Verdict) -> Callable[[], Iterator[Block]]:
    """Return a function that reads the blocks once more, without their issues."""
    return partial(read, Verdict(verdict.resource, tally=Tally(LISTED), is_hashed=False))
