"""``cbrn-data diff`` of tables and Data Packages; ``history`` has that of releases."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.atomic import whole
from cbrn_data.cli.compared import KEPT, JsonStream, Lists, show_compared
from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.errors import CbrnDataError
from cbrn_data.normalise.text import ACTIVE, escape_formula
from cbrn_data.progress import step
from cbrn_data.refusals import at
from cbrn_data.tabular.canonical import csv_header, csv_rows
from cbrn_data.tabular.changes import NAMES
from cbrn_data.tabular.compare import compare_packages, compare_tables
from cbrn_data.tabular.opening import UTF8
from cbrn_data.tabular.places import UnsupportedResource, read_object
from cbrn_data.tabular.resource import DESCRIPTORS, Resource, descriptor_in, read_package, read_table

ON_PAGE = 20_000
"""Rows of ``changes`` of each kind that a page has for a table, which a browser can still open."""

_SUFFIX = re.compile(r"\.[A-Za-z]\w*$")
_VERSION = re.compile(r"\d+\.\d+\.\d+|latest")
_SPREADSHEET = rf'\A(?:"|{ACTIVE})'


def names_files(old: str, new: str) -> bool:
    """Return whether the two names are files or folders, and not versions of releases."""
    if all(_VERSION.fullmatch(name) for name in (old, new)):
        return False
    return any(Path(name).exists() or "/" in name or _SUFFIX.search(name) for name in (old, new))


def show_difference(
    old: str,
    new: str,
    key: Sequence[str],
    schemas: Sequence[Path],
    delimiters: Sequence[str],
    encodings: Sequence[str],
    output: Path | None,
    as_json: bool,
    html: Path | None,
) -> tuple[bool, bool]:
    """Print or write the differences; return whether there are any, and whether something could not be compared."""
    paths = Path(old), Path(new)
    for path in paths:
        if not path.exists():
            raise CbrnDataError(f"{path}: does not exist; name two tables, two Data Packages or two versions")
    for place in filter(None, (output, html)):
        check_place(place, *paths)
    key = [name for each in key for name in each.split(",")]
    with ExitStack() as stack:
        csv = stack.enter_context(tempfile.TemporaryFile()) if output else None
        stream = JsonStream(old, new) if as_json else None
        lists = Lists(ON_PAGE if html else KEPT)

        def write_rows(rows: pa.Table) -> None:
            if csv and rows.num_rows:
                with at(tempfile.gettempdir()):
                    csv.write(csv_rows(_escaped(rows)))
            if stream:
                stream.rows(rows)
            lists.add(rows)

        with step("Compare", unit="rows") as comparing:
            if all(map(_is_package, paths)):
                before, after = map(_resources, paths)
                results = list(compare_packages(before, after, key, write_rows, comparing.advance))
            elif any(map(_is_package, paths)):
                raise CbrnDataError(f"{old} and {new}: a Data Package is compared with another, and a table with a table")
            else:
                options = ("--schema", schemas, None), ("--delimiter", delimiters, None), ("--encoding", encodings, UTF8)
                given = [_both(*option) for option in options]
                one, other = (
                    read_table(path, schema, delimiter, encoding)
                    for path, schema, delimiter, encoding in zip(paths, *given, strict=True)
                )
                results = [compare_tables(one, other, key, write_rows, comparing.advance)]
        if csv and output:
            csv.seek(0)
            _place(csv, output)
    if html:
        from cbrn_data.review.differences import differences_page

        write_page(html, differences_page(old, new, results, lists.of_table))
    if stream:
        stream.end(results)
    else:
        show_compared(results, lists, f"cbrn-data diff {old} {new}", [place for place in (output, html) if place])
    return any(result.differs for result in results), any(result.incomplete for result in results)


def _both(name: str, given: Sequence[Any], default: Any) -> tuple[Any, Any]:
    """Return the value of an option for the old and the new table."""
    if len(given) > 2:
        raise CbrnDataError(
            f"{name} is given {len(given)} times; give it once for both tables, or twice: for OLD, then for NEW"
        )
    return (given[0], given[-1]) if given else (default, default)


def _is_package(path: Path) -> bool:
    """Return whether a path is that of a Data Package: a folder, or a file with resources."""
    if path.is_dir() or path.name in DESCRIPTORS:
        return True
    if path.suffix not in (".json", ".yaml", ".yml"):
        return False
    try:
        return "resources" in read_object(path)
    except UnsupportedResource:
        return False


def _resources(path: Path) -> list[Resource]:
    if path.is_dir():
        found = descriptor_in(path)
        if found is None:
            raise CbrnDataError(f"{path}: is a folder without a {DESCRIPTORS[0]}; name a table in it")
        path = found
    return read_package(path).resources


def _escaped(rows: pa.Table) -> pa.Table:
    """Return rows with texts escaped for spreadsheets, as in the ``changes.csv`` of a release."""
    for name in ("row_id", "old", "new"):
        mask = pc.fill_null(pc.match_substring_regex(rows[name], _SPREADSHEET), False)
        if pc.any(mask, min_count=0).as_py():
            texts = [escape_formula(text) for text in rows[name].filter(mask).to_pylist()]
            column = pc.replace_with_mask(rows[name].combine_chunks(), mask.combine_chunks(), pa.array(texts, pa.string()))
            rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _place(rows: Any, path: Path) -> None:
    """Write the rows to ``path`` with their header, atomically."""
    with at(path), whole(path) as file:
        file.write(csv_header(NAMES))
        shutil.copyfileobj(rows, file, 1 << 20)
