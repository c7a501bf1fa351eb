"""Put a new table into a project: its definition, its place in the package, its source and the sidecar.

Nothing that exists is changed, except for one added line in the list ``tables`` of ``schemas/package.yaml``.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.intake.tables import Given, files_of, receive
from cbrn_data.intake.write import About, Content, put, sidecar_text
from cbrn_data.scaffold.columns import field_name, read_columns
from cbrn_data.scaffold.definition import Proposal, propose
from cbrn_data.schema.model import read_package
from cbrn_data.settings import Settings
from cbrn_data.sources.source import name_findings


def add_table(
    path: Path, settings: Settings, day: str, name: str | None = None, key: Sequence[str] = (), sheet: str | None = None
) -> tuple[Proposal, list[str]]:
    """Propose a table from a CSV, TSV or XLSX file and write it; return the proposal and the names of the new files.

    Raises CbrnDataError if the file is not a table, has no key, or if a file or table of this name exists.
    """
    settings.check_project("schemas")
    package = read_package(settings.schemas)
    table = name or field_name(path.stem)
    if not re.fullmatch("[a-z][a-z_]{0,62}", table):
        raise CbrnDataError(f"{table!r} is not a name of a table; give one of small letters and _ with --table")
    if table in package.tables:
        raise CbrnDataError(f"schemas/{table}.yaml: this table exists; `cbrn-data add` completes it, or give --table")
    if wrong := name_findings(path.name):
        raise SourceError(f"{path} cannot be added", wrong)
    listed = _listed(settings.schemas / "package.yaml", table, package.with_role("data")[-1].name)
    given = receive(path, sheet, is_bulk=True)
    proposal = _proposal(table, given, key)
    publisher, about = str(package.metadata["publisher"]["name"]), About(today=day, sheet=sheet)
    received = files_of(path.stem, given, proposal.kind, proposal.name, publisher, about)
    files: dict[Path, Content] = {settings.schemas / f"{table}.yaml": proposal.yaml().encode()}
    for each, (content, entry) in received.items():
        source = settings.raw / each
        if not (source.exists() and source.samefile(path)):
            files[source] = content
        files[settings.raw / f"{each}.yaml"] = sidecar_text(entry, content)
    if taken := next((each for each in files if each.exists()), None):
        raise CbrnDataError(f"{taken}: already exists, and nothing is overwritten; move it away or rename {path.name}")
    settings.raw.mkdir(exist_ok=True)
    for place, content in files.items():
        put(place.parent, place.name, content)
    (settings.schemas / "package.yaml").write_text(listed, encoding="utf-8")
    return proposal, [f"{place.parent.name}/{place.name}" for place in files]


def _proposal(table: str, given: Given, key: Sequence[str]) -> Proposal:
    if given.read is None:
        return propose(table, given.path, read_columns(given.path), key)
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder, f"{given.path.stem}.csv")
        csv.write_bytes(given.read.csv)
        try:
            return propose(table, csv, read_columns(csv), key)
        except CbrnDataError as error:
            raise CbrnDataError(str(error).replace(str(csv), str(given.path))) from error


def _listed(package: Path, table: str, before: str) -> str:
    """Return ``package.yaml`` with ``table`` below ``before`` in its list ``tables``."""
    text = package.read_text(encoding="utf-8")
    found = re.search(rf"(?m)^tables:[ \t]*\n(?:[ \t#-].*\n|\n)*?([ \t]*-[ \t]+){before}\b.*$", text)
    if not found:
        raise CbrnDataError(f"{package}: its list tables cannot be extended; write one table per line, as `  - {table}`")
    return f"{text[: found.end()]}\n{found[1]}{table}{text[found.end() :]}"
