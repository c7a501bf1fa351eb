"""Update a source: accept the new bytes of a file under ``raw/``, and update its sidecar.

The new bytes pass the checks of ``add`` before the sidecar is written. A table that was received in another form is updated
by the received file; its CSV follows from it. A document of a leaflet is replaced with all that was read from it
(``replace``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import READING, Finding, errors_of, shown
from cbrn_data.intake.difference import Difference, find_difference
from cbrn_data.intake.read import read_file
from cbrn_data.intake.replace import is_document, leaflet_of, replace_leaflet
from cbrn_data.intake.tables import KINDS, Given, check_table, receive
from cbrn_data.intake.write import Content, clear_interrupted, measured, put, safe_name, unwritable
from cbrn_data.leaflet.reading import read_reading
from cbrn_data.normalise.text import slug
from cbrn_data.regions import known_regions
from cbrn_data.settings import Settings
from cbrn_data.sources.document import LEAFLETS, read_document
from cbrn_data.sources.sidecar import sidecar_findings
from cbrn_data.sources.source import LINES, MAX_BYTES, PAGES, read_bytes, read_sidecar, read_source

Sidecar = dict[str, Any]

_KEYS = {"corrections": ("table_name", "row_id", "field"), "renames": ("new_id",), "regions": ("region_id", "url")}
"""The columns that identify a row of a source of each kind; those of other tables are in their definitions."""


@dataclass(frozen=True)
class Updated:
    """Differences from the sidecar of the file ``name``: its keys (file, key, old, new), and the content (None if equal).

    ``findings`` are warnings about the new content.
    """

    name: str
    keys: list[tuple[str, str, str, str]] = field(default_factory=list)
    difference: Difference | None = None
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Group:
    """The sidecars of a source and of the files that belong to it, by name; ``main`` is read, ``document`` was received."""

    main: str
    document: str | None
    sidecars: dict[str, Sidecar]


def changed_files(raw: Path) -> list[Path]:
    """Return the files under ``raw`` that differ from the digests in their sidecars; a CSV follows from its file."""
    names = sorted(path.name.removesuffix(".yaml") for path in raw.glob("*.yaml"))
    sidecars = {name: about for name in names if (raw / name).is_file() and (about := read_sidecar(raw, name)[0])}
    changed = {name: about for name, about in sidecars.items() if not _is_known(raw / name, about)}
    ids = {about["id"] for about in changed.values()}
    return [raw / name for name, about in changed.items() if about.get("text_of") not in ids]


def update_file(
    path: Path, settings: Settings, given: Mapping[str, str], sheet: str | None = None, dry_run: bool = False
) -> Updated:
    """Accept the bytes and the ``given`` keys of a source; ``path`` is under ``raw/``, or a newer copy of a file there.

    An empty text removes a key. Raises SourceError with the findings that refuse the new bytes, CbrnDataError for options or
    a file that does not fit.
    """
    settings.check_project("raw")
    name, received = _named(path, settings)
    group = _group(settings.raw, name)
    about = group.sidecars[group.main]
    if "on_error" in given and about["kind"] not in KINDS:
        raise CbrnDataError(f"raw/{name}: is not a table; leave out --on-error")
    if about["kind"] in LEAFLETS and _is_replaced(name, received, settings.raw, group) and not sheet:
        return _replace(received, settings, group, given, dry_run)
    files, table = _new_files(name, received, settings, group, sheet)
    changes = dict(_keys(group, files, given, table))
    sidecars = {one: _patched(settings.raw, one, changed) for one, changed in changes.items() if changed}
    findings = _check(group, files, sidecars, table, settings)
    difference = None
    if group.main in files:
        new, keys = files[group.main], _row_keys(about, settings)
        difference = find_difference(settings.raw / group.main, settings.published, about["sha256"], new, keys)
    keys_changed = [
        (one, key, str(group.sidecars[one].get(key) or ""), str(value or ""))
        for one, changed in changes.items()
        for key, value in changed.items()
        if key not in ("sha256", "bytes", "read_with")
    ]
    updated = Updated(group.main, keys_changed, difference, findings)
    if not dry_run:
        _write(settings.raw, {one: data for one, data in files.items() if data != settings.raw / one}, sidecars)
    return updated


def _is_replaced(name: str, received: Path, raw: Path, group: _Group) -> bool:
    """Whether a received file replaces a leaflet with its document, or a leaflet in another form."""
    inside = received.parent.resolve() == raw.resolve()
    if inside and name == group.main and group.document and not _is_known(received, group.sidecars[name]):
        raise CbrnDataError(
            f"raw/{name}: has the text of raw/{group.document}; restore it, and update that file, or correct how it is read "
            "in a reading file"
        )
    if name != (group.document or group.main) and inside:
        return False
    is_same_form = group.document is None and received.suffix.lower() == ".txt" and name == group.main
    return not is_same_form and not _is_known(received, group.sidecars[group.document or group.main])


def _replace(received: Path, settings: Settings, group: _Group, given: Mapping[str, str], dry_run: bool) -> Updated:
    raw, old = settings.raw, group.sidecars[group.main]
    new = replace_leaflet(received, settings, group.main, group.sidecars, given, known_regions(settings))
    keys = [(group.main, key, str(old.get(key) or ""), given[key]) for key in given if str(old.get(key) or "") != given[key]]
    if new.text_of != (old.get("text_of") or ""):
        keys.append((group.main, "text_of", str(old.get("text_of") or ""), new.text_of))
    difference = None
    if isinstance(text := new.files.get(group.main), bytes):
        difference = find_difference(raw / group.main, settings.published, old["sha256"], text, ())
    if not dry_run:
        _write(raw, new.files, new.sidecars, new.removed)
    return Updated(group.main, keys, difference or Difference(group.main), new.findings)


def _named(path: Path, settings: Settings) -> tuple[str, Path]:
    """Return the name of a file under ``raw/``, and the file with its new bytes."""
    raw = settings.raw
    if path.suffix == ".yaml" and not path.name.endswith(READING):
        raise CbrnDataError(f"{path}: is a sidecar; name its file, {path.name.removesuffix('.yaml')}")
    inside = path.parent.resolve() == raw.resolve()
    suffix = READING if path.name.endswith(READING) else path.suffix.lower()
    stem = path.name[: -len(suffix)] if suffix else path.name
    names = [path.name] if inside else [f"{safe_name(stem, slug(stem))}{end}" for end in (f".received{suffix}", suffix)]
    name = next((name for name in names if (raw / f"{name}.yaml").exists()), None)
    if name is None and not inside and is_document(path.name) and path.is_file():
        return leaflet_of(path, raw, known_regions(settings)), path
    if name is None:
        raise CbrnDataError(f"{shown(str(path))}: raw/ has no sidecar of a file {names[-1]}; add it with `cbrn-data add`")
    received = path if inside or path.exists() else raw / name
    if not received.is_file():
        raise CbrnDataError(f"{shown(str(received))}: does not exist")
    return name, received


def _group(raw: Path, name: str) -> _Group:
    """Return the source of a file with what belongs to it. Raises SourceError for a sidecar that cannot be read."""
    about, _, findings = read_sidecar(raw, name)
    if about is None:
        raise SourceError(f"raw/{name} cannot be updated", findings)
    names = [path.name.removesuffix(".yaml") for path in sorted(raw.glob("*.yaml"))]
    others = {other: said for other in names if (said := read_sidecar(raw, other)[0])}
    base = about["id"].removesuffix(LINES).removesuffix(PAGES) if about["kind"] == "document" else about["id"]
    read = (one for one, said in others.items() if about["id"] == said.get("text_of"))
    main = next(read, None) or next((one for one, said in others.items() if base == said["id"]), name)
    said = others[main]
    ids = {said["id"], said.get("text_of"), said["id"] + LINES, said["id"] + PAGES}
    document = next((one for one, other in others.items() if other["id"] == said.get("text_of")), None)
    return _Group(main, document, {one: other for one, other in others.items() if other["id"] in ids})


def _new_files(
    name: str, received: Path, settings: Settings, group: _Group, sheet: str | None
) -> tuple[dict[str, Content], Given | None]:
    """Return the new content of each file that changed, and the table that was received, if it is one."""
    about = group.sidecars[group.main]
    known = {one: _is_known(settings.raw / one, group.sidecars[one]) for one in group.sidecars}
    known[name] = _is_known(received, group.sidecars[name])
    changed = [one for one, is_known in known.items() if not is_known]
    if about["kind"] in KINDS:
        if group.document is None:
            return _new_table(group.main, received, about) if changed else ({}, None)
        if group.main in changed and group.document not in changed and name == group.main:
            raise CbrnDataError(f"raw/{name}: has the values of raw/{group.document}; change and update that file")
        if not changed and sheet in (None, about.get("sheet")):
            return {}, None
        document = received if name == group.document else settings.raw / group.document
        table = receive(document, sheet or about.get("sheet"), is_bulk=False)
        return {group.document: table.received, group.main: table.content}, table
    if sheet:
        raise CbrnDataError(f"raw/{name}: has no sheets; leave out --sheet")
    if not changed:
        return {}, None
    if group.document or changed != [group.main]:
        raise CbrnDataError(
            f"raw/{changed[0]}: belongs to {', '.join(sorted(group.sidecars))}, which are kept together; restore it, or "
            "remove them all and add the new document"
        )
    data, findings = read_bytes(received, str(received), MAX_BYTES[about["kind"]])
    if data is None:
        raise SourceError(f"raw/{name} was not updated", findings)
    return {group.main: data}, None


def _new_table(name: str, received: Path, about: Sidecar) -> tuple[dict[str, Content], Given]:
    table = receive(received, None, is_bulk=about["kind"] == "bulk")
    if table.read and not table.read.is_as_received:
        raise CbrnDataError(
            f"{shown(str(received))}: is not CSV with commas as raw/{name} is; save it so, or remove raw/{name} with its "
            "sidecar and add the new file"
        )
    return {name: table.content}, table


def _keys(
    group: _Group, files: Mapping[str, Content], given: Mapping[str, str], table: Given | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the keys of each sidecar that change, with their new values."""
    old_title = group.sidecars[group.main]["title"]
    for name, about in group.sidecars.items():
        new: dict[str, Any] = {key: value or None for key, value in given.items()}
        if name != group.main:
            new.pop("on_error", None)
        if new.get("title") and name != group.main and str(about["title"]).startswith(old_title):
            new["title"] += about["title"][len(old_title) :]
        if name in files:
            new["sha256"], new["bytes"] = measured(files[name])
        if name in files and name == group.main and table and table.read and about.get("text_of"):
            new |= {"read_with": table.read.read_with, "sheet": table.read.sheet or None}
        yield name, {key: value for key, value in new.items() if str(value) != str(about.get(key))}


def _patched(raw: Path, name: str, changes: Mapping[str, Any]) -> bytes:
    """Return a sidecar with new values; its other lines stay as they are. Raises SourceError if it is then not valid."""
    import yaml

    text = (raw / f"{name}.yaml").read_text(encoding="utf-8")
    for key, value in changes.items():
        line = yaml.safe_dump({key: value}, allow_unicode=True, width=10_000)
        old = re.search(rf"(?m)^{key}:.*\n?(?:[ \t]+.*\n?)*", text)
        if old:
            text = text[: old.start()] + line + text[old.end() :]
        else:
            text = re.sub(r"(?m)^(?=sha256:)", line.replace("\\", r"\\"), text, count=1)
    if wrong := sidecar_findings(name, text)[1]:
        raise SourceError(f"raw/{name}.yaml was not changed", wrong)
    return text.encode()


def _check(
    group: _Group, files: Mapping[str, Content], sidecars: Mapping[str, bytes], table: Given | None, settings: Settings
) -> list[Finding]:
    """Return the warnings about the new content. Raises SourceError if one finding is an error."""
    about = group.sidecars[group.main]
    if group.main in sidecars:
        about = sidecar_findings(group.main, sidecars[group.main].decode())[0] or about
    if about["kind"] in KINDS:
        if table is None and about.get("on_error") != group.sidecars[group.main].get("on_error"):
            table = receive(settings.raw / group.main, None, is_bulk=about["kind"] == "bulk")
        return check_table(group.main, about, table, settings) if table else []
    data = files.get(group.main)
    return _check_text(group.main, about["kind"], data, settings.raw) if isinstance(data, bytes) else []


def _check_text(name: str, kind: str, data: bytes, raw: Path) -> list[Finding]:
    """Return the warnings about a leaflet, a page or a reading file. Raises SourceError."""
    path, findings = raw / name, []
    if kind in LEAFLETS:
        findings = read_file(path, data).findings
    elif kind == "reading":
        leaflet, wrong = read_source(raw, f"{name.removesuffix(READING)}.txt")
        said, unreadable = read_document(f"raw/{name}", data)
        findings = read_reading(said, leaflet.document).findings if leaflet and said else [*wrong, *unreadable]
    findings = [replace(each, source=f"raw/{name}") if each.source == str(path) else each for each in findings]
    if errors_of(findings):
        raise SourceError(f"raw/{name} was not updated", findings)
    return findings


def _row_keys(about: Sidecar, settings: Settings) -> tuple[str, ...]:
    """Return the columns that identify a row of a source; empty for a text."""
    if about["kind"] not in ("curated", "bulk"):
        return _KEYS.get(about["kind"], ())
    from cbrn_data.schema.model import read_package

    table = read_package(settings.schemas).tables.get(about["table"])
    own = table.primary_key if table else ()
    return (*own, "url") if about["kind"] == "curated" else own


def _is_known(path: Path, about: Sidecar) -> bool:
    return path.is_file() and measured(path) == (about["sha256"], int(about["bytes"]))


def _write(raw: Path, files: Mapping[str, Content], sidecars: Mapping[str, bytes], removed: Iterable[str] = ()) -> None:
    clear_interrupted(raw)
    try:
        for name, data in files.items():
            put(raw, name, data)
        for name, text in sidecars.items():
            put(raw, f"{name}.yaml", text)
        for name in removed:
            (raw / f"{name}.yaml").unlink()
            (raw / name).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(error, raw) from error
