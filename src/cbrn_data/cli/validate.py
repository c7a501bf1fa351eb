"""``cbrn-data validate``: validate tables and Data Packages with their Table Schemas."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.show import LISTED, console, show_json, show_table
from cbrn_data.deadline import Clock
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.progress import step
from cbrn_data.tabular.blocks import is_reading
from cbrn_data.tabular.issues import LISTED as LISTED_FAULTS
from cbrn_data.tabular.issues import Issue
from cbrn_data.tabular.magic import HEAD, content_suffix
from cbrn_data.tabular.opening import UTF8
from cbrn_data.tabular.places import UnsupportedResource, fetched_path
from cbrn_data.tabular.remote import Remote, is_address
from cbrn_data.tabular.report import place_of, report, sentence
from cbrn_data.tabular.resource import DESCRIPTORS, Resource, descriptor_in, read_package, read_table, with_options
from cbrn_data.tabular.validate import validate
from cbrn_data.tabular.verdict import Verdict

GROUPED = 5
"""Faults of one rule of one field that are printed for a table; the report has all."""

Wrong = list[tuple[str, str]]


def validate_files(
    files: Sequence[str],
    schema: str | None,
    delimiter: str | None,
    as_json: bool,
    encoding: str = UTF8,
    sheet: str | None = None,
    html: Path | None = None,
    remote: bool = False,
    deadline: float | None = None,
) -> int:
    """Print the errors in the tables, and write the page ``html``; return 1 if there are any, else 0.

    Raises CbrnDataError for wrong use.
    """
    wrong: Wrong = []
    if html:
        places = [Path(file) for file in (*files, schema or "") if file and not is_address(file)]
        check_place(html, *(place for place in places if not place.is_dir()))
    named = [file for file in (*files, schema or "") if is_address(file)]
    if named and not remote:
        raise CbrnDataError(f"{shown(named[0], 120)}: an address is fetched with --remote only")
    if deadline is not None and not 0 < deadline < 1e9:
        raise CbrnDataError("--deadline must be seconds, more than 0")
    clock = Clock(deadline, "give more with --deadline") if deadline is not None else None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            fetched = Remote(folder, named, clock) if remote else None
        except ValueError as error:
            raise CbrnDataError(f"the address is malformed ({shown(str(error))})") from error
        if schema is None:
            packages = [file if is_address(file) else str(received(file, folder, form="json")[0]) for file in files]
            groups = [
                [with_options(resource, delimiter, encoding, sheet) for resource in _package(file, wrong, fetched)]
                for file in packages
            ]
        else:
            given = [received(file, folder, fetched) for file in files]
            groups = [[read_table(path, schema, delimiter, encoding, place, sheet, fetched)] for path, place in given]
        with step("Validate", unit="rows") as validating:
            verdicts = [
                found
                for group in groups
                for found in validate(group, progress=validating.advance, clock=clock, with_cells=as_json)
            ]
    if html:
        from cbrn_data.tabular.page import validation_page

        write_page(html, validation_page(verdicts, wrong))
    if as_json:
        show_json(report(verdicts, wrong))
    else:
        _show(verdicts, wrong)
    code = 0 if all(verdict.valid for verdict in verdicts) and not wrong else 1
    if is_reading():  # the deadline is over, and Python would wait for the thread
        sys.stdout.flush()
        os._exit(code)
    return code


def received(file: str, folder: Path, remote: Remote | None = None, form: str = "") -> tuple[Path, str]:
    """Return a file and its name for messages; standard input is copied to a file, because tables are read twice.

    The first bytes of standard input say its format, unless ``form`` does.
    """
    if is_address(file):
        return fetched_path(file, remote), file
    if file not in ("-", "/dev/stdin"):
        return Path(file), file
    head = sys.stdin.buffer.read(HEAD)
    path = folder / f"stdin.{form or content_suffix(head)}"
    with path.open("wb") as copy:
        copy.write(head)
        shutil.copyfileobj(sys.stdin.buffer, copy)
    return path, "standard input"


def _package(file: str, wrong: Wrong, remote: Remote | None) -> list[Resource]:
    """Return the resources of a descriptor, or of a folder with one; a descriptor that cannot be read is an error."""
    if not is_address(file) and Path(file).is_dir():
        found = descriptor_in(Path(file))
        if found is None:
            raise CbrnDataError(f"{file}: is a folder without a {DESCRIPTORS[0]}; name a table with --schema")
        file = str(found)
    elif not (urlsplit(file).path if is_address(file) else file).endswith((".json", ".yaml", ".yml")):
        raise CbrnDataError(f"{file}: a table needs --schema; without it a {DESCRIPTORS[0]} is expected")
    try:
        package = read_package(file, remote)
    except UnsupportedResource as error:
        wrong.append((str(file), str(error).removeprefix(f"{file}: ")))
        return []
    wrong.extend((package.place, message) for message in package.wrong)
    return package.resources


def _show(verdicts: Sequence[Verdict], wrong: Wrong) -> None:
    for place, message in wrong:
        console().print(f"{shown(place)}  package-wrong")
        console().print(f"        {shown(message, 400)}")
    show_faults(verdicts, console())
    rows = [
        ("valid" if verdict.valid else "INVALID", verdict.resource.place, _rows(verdict), _counts(verdict))
        for verdict in verdicts
    ]
    show_table(("verdict", "table", "rows", "faults"), rows)


def show_faults(verdicts: Sequence[Verdict], out: Console) -> None:
    """Print the faults of tables, up to ``LISTED``, each with its place."""
    left = LISTED
    for verdict in verdicts:
        shown_faults = 0
        for fault, more in _grouped(verdict.tally.groups()):
            if shown_faults >= left:
                break
            shown_faults += 1
            out.print(f"{shown(place_of(fault, verdict.resource))}  {fault.code}")
            said = shown(sentence(fault, verdict.resource), 400)
            named = fault.field and not fault.fields  # the message about a key names its fields
            out.print(f"        {shown(f'{fault.field}: ' if named else '', 80)}{said}")
            if more:
                least = "at least " if verdict.tally.counts[fault.code] > LISTED_FAULTS else ""
                out.print(f"        … and {least}{more:,} more of this rule; --html and --json list them")
        left -= shown_faults
    if (total := sum(verdict.tally.counts.total() for verdict in verdicts)) > LISTED:
        out.print(f"{total:,} faults; --html and --json list up to {LISTED_FAULTS:,} of each kind")


def _grouped(groups: Sequence[Sequence[Issue]]) -> list[tuple[Issue, int]]:
    """Return the faults to print: the first of each rule of each field, the last of them with the number of the others."""
    chosen = [(fault, 0) for group in groups for fault in group[:GROUPED]]
    more = {id(group[GROUPED - 1]): len(group) - GROUPED for group in groups if len(group) > GROUPED}
    return sorted(((fault, more.get(id(fault), 0)) for fault, _ in chosen), key=lambda pair: (pair[0], pair[1]))


def _rows(verdict: Verdict) -> str:
    """Return the number of validated rows; for a file that is not a table, only digest and size are checked."""
    return f"{verdict.rows:,}" if verdict.resource.is_table else "file"


def _counts(verdict: Verdict) -> str:
    return ", ".join(f"{code} {number:,}" for code, number in sorted(verdict.tally.counts.items()))
