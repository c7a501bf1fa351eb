"""The files to validate: a table with its schema, or the resources of a Data Package.

``places`` says which files are read. A resource that cannot be judged has a ``problem``; the others are judged.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from io import BufferedReader
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.findings import shown
from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.dialect import Dialect, DialectError, character, read_dialect
from cbrn_data.tabular.formats import COMPRESSIONS, FORMS, NONE, PACKED, form_of_entry
from cbrn_data.tabular.opening import UTF8, codec
from cbrn_data.tabular.places import Base, UnsupportedResource, fetched_path, read_object
from cbrn_data.tabular.profile import profile_errors, profile_version
from cbrn_data.tabular.remote import Remote, is_address
from cbrn_data.tabular.schema import TableSchema, UnsupportedSchema, read_schema

DESCRIPTORS = ("datapackage.json", "datapackage.yaml", "datapackage.yml")


@dataclass(frozen=True)
class Resource:
    """One table or file; ``schema`` is None if it has none. ``rows`` are the inline data of the descriptor.

    ``place`` names it in messages, relative to the current folder. ``form`` is one of ``FORMS`` for a table, or ``PACKED``.
    ``digest`` is an algorithm and a hexadecimal digest. ``problem`` says why it cannot be judged, ``wrong`` has the errors
    of its entry.
    """

    name: str
    place: str
    paths: tuple[Path, ...] = ()
    form: str = ""
    schema: TableSchema | None = None
    is_table: bool = False
    dialect: Dialect = field(default_factory=Dialect)
    encoding: str = UTF8
    compression: str = ""
    inner: str = ""
    digest: tuple[str, str] | None = None
    size: int | None = None
    rows: Any = field(default=None, repr=False)
    folder: Path | None = None
    remote: Remote | None = field(default=None, repr=False)
    problem: str = ""
    wrong: tuple[str, ...] = ()

    def compression_of(self, path: Path) -> str:
        """Return the compression of a file: the one that is named, else by its suffix; "" for none."""
        named = self.compression or COMPRESSIONS.get(path.suffix[1:].lower(), "")
        return "" if named == NONE else named

    @property
    def has_header(self) -> bool:
        """Whether the first row has the labels."""
        return self.dialect.has_header

    @property
    def fields(self) -> TableSchema:
        """The schema, or one that accepts every column."""
        return self.schema or TableSchema((), fields_match="subset")

    def opened(self, path: Path, buffering: int = -1) -> AbstractContextManager[BufferedReader]:
        """Open a file, which must be a regular file, and within ``folder`` if that is set. Raises OSError."""
        if self.remote:
            self.remote.ensure(path)
        return foreign.opened(path, self.folder, buffering)

    def place_of(self, path: Path) -> str:
        """Return one of several files as a path relative to the current folder, or as its address."""
        return self.place if len(self.paths) < 2 else self.remote.address_of(path) if self.remote else str(path)


@dataclass(frozen=True)
class Package:
    """The resources of a descriptor, and the errors of the descriptor itself."""

    place: str
    resources: list[Resource]
    wrong: list[str] = field(default_factory=list)


def descriptor_in(folder: Path) -> Path | None:
    """Return the descriptor in a folder, or None."""
    return next((path for name in DESCRIPTORS if (path := folder / name).is_file()), None)


def read_package(descriptor: Path | str, remote: Remote | None = None) -> Package:
    """Return the resources of a Data Package, from its path or address; ``remote`` fetches addresses.

    Raises UnsupportedResource if the descriptor cannot be read at all.
    """
    name = str(descriptor)
    if is_address(name):
        path, base = fetched_path(name, remote), Base(name, address=name, remote=remote)
    else:
        path, base = Path(descriptor), Base(name, Path(descriptor).parent, remote=remote)
    content = read_object(path, remote=remote)
    version = profile_version(content)
    wrong: list[str] = []
    of_entry: dict[int, list[str]] = {}
    for where, message in profile_errors(content, version):
        if len(where) > 1 and where[0] == "resources" and isinstance(where[1], int):
            # ``read_schema`` judges schemas and ``Base`` paths, because the profile has errors of its own. A dialect may be
            # the where of a file, and have no quotation mark.
            if where[2:3] not in (("schema",), ("path",)) and where[2:] not in (("dialect",), ("dialect", "quoteChar")):
                of_entry.setdefault(where[1], []).append(shown(message, 200))
        else:
            wrong.append(shown(message, 200))
    entries = content.get("resources")
    entries = entries if isinstance(entries, list) else []
    if content.get("profile") == "tabular-data-package":  # of version 1: each of its resources is a table
        entries = [{"profile": "tabular-data-resource", **one} if isinstance(one, dict) else one for one in entries]
    found = [_judged(entry, number, base, of_entry.get(number - 1, [])) for number, entry in enumerate(entries, start=1)]
    names = [resource.name for resource in found]
    wrong += [f"two resources have the name {name!r}" for name, times in sorted(Counter(names).items()) if times > 1]
    unique = {resource.name: resource for resource in reversed(found)}
    return Package(name, [one for one in found if unique[one.name] is one], wrong)


def read_table(
    path: Path,
    schema: Path | str | None,
    delimiter: str | None = None,
    encoding: str = UTF8,
    place: str | None = None,
    sheet: str | None = None,
    remote: Remote | None = None,
) -> Resource:
    """Return a single table with its schema from a JSON or YAML file; the paths may be symbolic links.

    The suffixes of the file say its format. ``delimiter`` may be ``tab``; ``sheet`` is the name or the number of a sheet.
    Raises UnsupportedResource for a schema, delimiter or encoding that is wrong.
    """
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter)
    name = place or str(path)
    form, compression = form_of_entry({}, (path,))
    try:
        dialect = Dialect(delimiter=character(delimiter) if delimiter else None, sheet=_sheet(sheet))
        if delimiter in ('"',) or (delimiter and not delimiter.isascii()):
            raise ValueError("an ASCII character that is not the quotation mark")
    except ValueError as error:
        raise UnsupportedResource(f"{name}: the delimiter must be {error}") from error
    if (known := codec(encoding)) is None:
        raise UnsupportedResource(f"{name}: the encoding {encoding[:40]!r} is not known")
    found = _schema(_schema_object(schema, remote), str(schema)) if schema else None
    if found:
        try:
            compile_schema(found)
        except UnsupportedSchema as error:
            raise UnsupportedResource(f"{schema}: {error}") from error
    return Resource(
        name=path.stem.split(".")[0] or path.name,
        place=name,
        paths=(path,),
        form=form if form in (*FORMS, PACKED) else "csv",
        schema=found,
        is_table=True,
        dialect=dialect,
        encoding=known,
        compression=compression,
        remote=remote,
    )


def with_options(resource: Resource, delimiter: str | None, encoding: str, sheet: str | None) -> Resource:
    """Return a table of a package with the options of ``read_table`` that its descriptor leaves open."""
    given = read_table(Path("a"), None, delimiter, encoding, None, sheet)
    if not resource.is_table:
        return resource
    dialect = replace(resource.dialect, delimiter=resource.dialect.delimiter or given.dialect.delimiter)
    dialect = replace(dialect, sheet=given.dialect.sheet if dialect.sheet == 1 else dialect.sheet)
    return replace(resource, dialect=dialect, encoding=given.encoding if resource.encoding == UTF8 else resource.encoding)


def _sheet(asked: str | None) -> int | str:
    return int(asked) if asked and asked.isdecimal() and int(asked) else asked or 1


def _schema_object(schema: Path | str, remote: Remote | None) -> dict[str, Any]:
    if is_address(str(schema)):
        return read_object(fetched_path(str(schema), remote), remote=remote)
    return read_object(foreign.led_to(Path(schema)))


def _judged(entry: Any, number: int, base: Base, wrong: list[str]) -> Resource:
    """Return a resource of a descriptor; one that cannot be used has a problem."""
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str):
        return Resource(f"resource-{number}", base.name, problem="it is not an object with a name", wrong=tuple(wrong))
    place = _place(entry, base)
    try:
        return replace(_resource(entry, name, base), place=place, wrong=tuple(wrong))
    except (UnsupportedResource, DialectError) as error:
        return Resource(name, place, problem=str(error), wrong=tuple(wrong), is_table=_is_table(entry, ""))


def _place(entry: Mapping[str, Any], base: Base) -> str:
    path = entry.get("path")
    path = path[0] if isinstance(path, list) and path else path
    return shown(base.place(path) if isinstance(path, str) else f"{base.name} ({entry['name']})", 300)


def _is_table(entry: Mapping[str, Any], form: str) -> bool:
    return (
        entry.get("type") == "table"
        or entry.get("profile") == "tabular-data-resource"
        or "schema" in entry
        or form in ("csv", "tsv", PACKED)
    )


def _resource(entry: Mapping[str, Any], name: str, base: Base) -> Resource:
    if "data" in entry and "path" in entry:
        raise UnsupportedResource("it has both path and data, and must have one of them")
    paths = () if "data" in entry else _paths(entry.get("path"), base)
    if not paths and entry["data"] is None:
        raise UnsupportedResource("data must not be null")
    form, compression = form_of_entry(entry, paths)
    is_table = _is_table(entry, form)
    found = Resource(name, "", paths, form, size=_size(entry.get("bytes")), remote=base.remote)
    is_local = base.folder is not None and all(base.folder in path.parents for path in paths)
    found = replace(
        found, folder=base.folder if is_local else None, digest=_digest(entry.get("hash")), rows=entry.get("data")
    )
    if not is_table:
        return found
    if not form:
        raise UnsupportedResource(f"its format cannot be seen from its path; name it as format: {', '.join(FORMS)}")
    if form not in (*FORMS, PACKED) and paths:
        raise UnsupportedResource(f"the format {shown(form, 40)!r} is not supported; use {', '.join(FORMS)}")
    if entry.get("profile") == "tabular-data-resource" and "schema" not in entry:
        raise UnsupportedResource("a tabular-data-resource must have a schema (version 1)")
    encoding = entry.get("encoding", UTF8)
    if not isinstance(encoding, str) or (known := codec(encoding)) is None:
        raise UnsupportedResource(f"the encoding {shown(str(encoding), 40)!r} is not known")
    dialect = entry.get("dialect")
    return replace(
        found,
        is_table=True,
        schema=_schema(_linked(entry["schema"], base), "") if "schema" in entry else None,
        dialect=read_dialect(_linked(dialect, base)) if "dialect" in entry else Dialect(),
        encoding=known,
        compression=compression,
        inner=str(entry.get("innerpath", "")),
    )


def _size(value: Any) -> int | None:
    return value if type(value) is int else None


def _paths(value: Any, base: Base) -> tuple[Path, ...]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise UnsupportedResource("it has no path")
    paths = tuple(base.path(one) for one in values)
    if len({is_address(one) for one in values}) > 1:
        raise UnsupportedResource("paths must be all addresses or all relative")
    return paths


def _linked(value: Any, base: Base) -> Mapping[str, Any]:
    """Return a schema or dialect from the descriptor, or from a file."""
    if isinstance(value, str):
        return base.read_object(value)
    if not isinstance(value, dict):
        raise UnsupportedResource("schema and dialect must be objects, or paths of files")
    return value


def _schema(descriptor: Mapping[str, Any], where: str) -> TableSchema:
    try:
        return read_schema(descriptor)
    except UnsupportedSchema as error:
        raise UnsupportedResource(f"{where}: {error}" if where else str(error)) from error


def _digest(value: Any) -> tuple[str, str] | None:
    """Return the algorithm and digest of a hash; one without an algorithm is MD5, by the standard."""
    if value is None:
        return None
    name, _, digest = str(value).rpartition(":")
    algorithm = name.lower().replace("-", "") or "md5"
    spellings = (algorithm, name.lower(), name.lower().replace("-", "_"))
    known = next((one for one in spellings if one in hashlib.algorithms_available), "shake")
    if known.startswith("shake"):
        raise UnsupportedResource(f"the hash algorithm {shown(name, 40)!r} is not supported")
    return known, digest.strip().lower()
