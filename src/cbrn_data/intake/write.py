"""Write files and their sidecars under ``raw/``: a received file is never replaced by other bytes.

Names and sidecars pass the checks of the reader before anything is written. An existing file must have the same bytes, and
its sidecar must have their digest and the given options.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BufferedReader, BytesIO
from pathlib import Path
from shlex import quote
from typing import Any

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import READING, Finding, shown
from cbrn_data.refusals import meaning
from cbrn_data.sources.sidecar import sidecar_findings
from cbrn_data.sources.source import name_findings, read_source
from cbrn_data.strict_yaml import load_yaml

Content = bytes | Path
"""The content of a file: its bytes, or, for a table of any size, the file that has them."""

Entry = dict[str, Any]
"""The keys of a sidecar, without the digest and the size."""

OPTIONS = ("title", "publisher", "url", "retrieved_on", "licence", "note", "on_error")
"""The keys of a sidecar that options can give and ``update`` can change."""

_PART = ".add-"
"""The beginning of the name of a file that is being written; readers of ``raw`` skip it."""

_ORDER = ("table", "text_of", "read_with", "sheet", "title", "publisher", "region", "region_printed", "region_is", "edition")


@dataclass(frozen=True)
class About:
    """The options of a person who adds a file; None means the value in the file, or a default.

    ``today`` is the day of retrieval if the person gives none. ``project`` is its publisher, who says how a leaflet is read.
    """

    kind: str | None = None
    edition: str | None = None
    read_on: str | None = None
    table: str | None = None
    sheet: str | None = None
    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    licence: str | None = None
    note: str | None = None
    on_error: str | None = None
    retrieved_on: str | None = None
    new_region: bool = False
    today: str = ""
    project: str | None = None

    def given(self) -> dict[str, str]:
        """Return the keys of a sidecar that the person gives."""
        return {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}


def project_publisher(schemas: Path) -> str:
    """Return the publisher that ``package.yaml`` names; a publication says what is wrong with that file."""
    try:
        return str(load_yaml((schemas / "package.yaml").read_text(encoding="utf-8"))["publisher"]["name"])
    except (OSError, ValueError, LookupError, TypeError):
        return "the maintainers of this project"


@dataclass(frozen=True)
class Added:
    """The result for a file: the new names under ``raw/``, and warnings."""

    names: list[str]
    findings: list[Finding]


def entry_of(source_id: str, kind: str, about: About, **values: str) -> Entry:
    """Return the sidecar of a file: what the person gives, else ``values``."""
    given: Entry = about.given()
    found: Entry = {key: (values | given)[key] for key in _ORDER if key in values}
    tail = {"url": about.url, "retrieved_on": about.retrieved_on or about.today, "licence": about.licence}
    more: Entry = {key: given[key] for key in ("note", "on_error") if key in given}
    return {"id": source_id, "kind": kind, **found, **tail, **more}


def sidecar_text(entry: Mapping[str, Any], data: Content) -> bytes:
    """Return the sidecar of a file as strict YAML, with its digest and size."""
    import yaml

    sha256, size = measured(data)
    whole = {**entry, "sha256": sha256, "bytes": size, "on_error": entry.get("on_error") or "reject"}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10_000).encode()


def measured(data: Content) -> tuple[str, int]:
    """Return the sha256 in hexadecimal and the number of bytes."""
    with _opened(data) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.seek(0, os.SEEK_END)


def safe_name(stem: str, slug: str) -> str:
    """Return the name of a file without its extension, in the small set of characters that every file system has."""
    return stem if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", stem) else slug


def write_new(
    path: Path, raw: Path, files: Mapping[str, tuple[Content, Entry]], given: Mapping[str, str], other: str = ""
) -> list[str]:
    """Write the files of ``path`` that are missing, with their sidecars; return their names.

    ``given`` are the options of the person. Raises SourceError if a file exists with other bytes (``other`` is a way out
    besides an update), or if its bytes differ from the digest in its sidecar; CbrnDataError if its sidecar differs from the
    options.
    """
    clear_interrupted(raw)
    sidecars = {name: sidecar_text(entry, data) for name, (data, entry) in files.items()}
    wrong = [finding for name in files for finding in name_findings(name)]
    wrong += [  # the person wrote no sidecar, but its keys follow from the options
        replace(finding, source=shown(str(path)), line=None)
        for name, text in sidecars.items()
        for finding in sidecar_findings(name, text.decode())[1]
    ]
    if wrong:
        raise SourceError(f"{shown(str(path))} cannot be added", list(dict.fromkeys(wrong)))
    try:
        raw.mkdir(parents=True, exist_ok=True)
        new = [name for name, (data, entry) in files.items() if not _is_there(path, raw, name, data, entry, given, other)]
        for name in new:  # one of the two exists already if an earlier call was interrupted
            put(raw, name, files[name][0])
            put(raw, f"{name}.yaml", sidecars[name])
    except OSError as error:
        raise unwritable(error, raw) from error
    return new


def unwritable(error: OSError, raw: Path) -> CbrnDataError:
    """Return the error for a file under ``raw``; a temporary file there is of no interest, so its folder is named."""
    place = Path(os.fsdecode(error.filename or raw))
    is_temporary = raw in place.parents and any(part.startswith(".") for part in place.relative_to(raw).parts)
    return CbrnDataError(f"{shown(str(raw if is_temporary else place))}: cannot be written: {meaning(error)}")


def _is_there(path: Path, raw: Path, name: str, data: Content, entry: Entry, given: Mapping[str, str], way: str) -> bool:
    there, is_ours = raw / name, name.endswith(READING)  # reading files are ours; all others stay as they were received
    if there.is_symlink() or (there.exists() and not is_ours and not _is_same(there, data)):
        update = f"to replace it, run `cbrn-data update {shown(quote(str(path)))}`"
        raise SourceError(f"{shown(str(path))}: raw/{name} is there with other bytes; {update}{way}")
    if not (there.exists() and (raw / f"{name}.yaml").exists()):
        return False
    source, findings = read_source(raw, name)
    if source is None and not is_ours:
        raise SourceError(f"raw/{name} is there, but was changed, or its sidecar was", findings)
    if is_ours and (source is None or not _is_same(there, data)):
        return False
    assert source is not None
    other = [key for key, value in given.items() if entry.get(key) and str(source.metadata.get(key)) != entry[key]]
    if other:
        said = ", ".join(f"{key} {shown(str(source.metadata.get(key)), 60)!r}" for key in other)
        options = " ".join(f"--{key.replace('_', '-')} …" for key in other)
        raise CbrnDataError(f"raw/{name} is there with {said}; to change this, run `cbrn-data update raw/{name} {options}`")
    return True


def _is_same(path: Path, data: Content) -> bool:
    return measured(path) == measured(data)


def _opened(data: Content) -> BytesIO | BufferedReader:
    return BytesIO(data) if isinstance(data, bytes) else os.fdopen(foreign.open_regular(data), "rb")


def clear_interrupted(raw: Path) -> None:
    """Remove the files of killed writers; a writer that still runs has a lock on its file."""
    for left in raw.glob(f"{_PART}*"):
        with suppress(OSError), os.fdopen(foreign.open_regular(left), "rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def put(raw: Path, name: str, data: Content) -> None:
    """Write a file of ``raw`` by one rename. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=raw, prefix=_PART)
    try:
        with os.fdopen(descriptor, "wb") as stream, _opened(data) as given:
            fcntl.flock(stream, fcntl.LOCK_EX)
            shutil.copyfileobj(given, stream)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
        Path(temporary).replace(raw / name)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
