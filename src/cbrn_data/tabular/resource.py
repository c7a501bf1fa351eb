"""What is to be read: a table beside its schema, or the resources of a Data Package, from their descriptor.

Only what stands in the descriptor's folder is read: no address, no absolute path, none that leaves the folder, no link.
What a descriptor asks for and this package cannot do (a compressed file, several parts, another encoding, a dialect
beyond delimiter, quotation mark and header) is refused by name, never passed over.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError
from cbrn_data.nesting import nests_too_deeply
from cbrn_data.tabular.blocks import Dialect
from cbrn_data.tabular.schema import TableSchema, UnsupportedSchema, read_schema

DESCRIPTOR_LIMIT = 64 << 20
"""The most bytes of a descriptor or a schema."""
_LONGEST_PATH = 1000


class UnsupportedResource(CbrnDataError):
    """A resource, or a package, that cannot be read as it is described."""


@dataclass(frozen=True)
class Resource:
    """One file; ``schema`` is None where it is not a table. ``rows`` are those that stand in the descriptor itself."""

    name: str
    place: str
    path: Path | None
    form: str
    schema: TableSchema | None
    dialect: Dialect = field(default_factory=Dialect)
    has_header: bool = True
    sha256: str | None = None
    size: int | None = None
    rows: list[Any] | None = field(default=None, repr=False)
    folder: Path | None = None

    def opened(self, buffering: int = -1) -> AbstractContextManager[BufferedReader]:
        """Open the file, a regular one and in ``folder`` where it has one. Raises OSError."""
        assert self.path
        return foreign.opened(self.path, self.folder, buffering)


def read_json(path: Path, below: Path | None = None) -> dict[str, Any]:
    """Return the object in a JSON file. Raises UnsupportedResource in words."""
    try:
        value = parse_file(foreign.read(path, DESCRIPTOR_LIMIT, below))
    except OSError as error:
        raise UnsupportedResource(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnsupportedResource(f"{path}: is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise UnsupportedResource(f"{path}: is not a JSON object")
    return value


def parse_file(data: bytes, **options: Any) -> Any:
    """Return what a file of JSON says; a byte order mark is passed over. Raises ValueError."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    if nests_too_deeply(text):
        raise ValueError("it nests too deeply")
    return json.loads(text.decode(), **options)


def read_resources(descriptor: Path) -> list[Resource]:
    """Return the resources of a Data Package. Raises UnsupportedResource or UnsupportedSchema."""
    package = read_json(descriptor)
    entries = package.get("resources")
    if not isinstance(entries, list) or not entries:
        raise UnsupportedResource(f"{descriptor}: has no list of resources")
    found = [_resource(entry, number, descriptor) for number, entry in enumerate(entries, start=1)]
    names = [resource.name for resource in found]
    if twice := sorted(name for name, times in Counter(names).items() if times > 1):
        raise UnsupportedResource(f"{descriptor}: two resources are called {twice[0]!r}")
    return found


def table_resource(path: Path, schema: Path, delimiter: str = ",") -> Resource:
    """Return a single CSV table with the schema in a JSON or YAML file, which may be a link."""
    dialect = _marks(delimiter, '"', str(path))
    return Resource(path.stem, str(path), path, "csv", _schema(_loaded(foreign.led_to(schema)), str(schema)), dialect)


def _loaded(path: Path) -> Mapping[str, Any]:
    if path.suffix not in (".yaml", ".yml"):
        return read_json(path)
    from cbrn_data.strict_yaml import MOST_BYTES, YamlError, load_yaml

    try:
        value = load_yaml(foreign.read(path, MOST_BYTES).decode())
    except OSError as error:
        raise UnsupportedResource(f"{path}: cannot be read ({error.strerror})") from error
    except (YamlError, UnicodeDecodeError) as error:
        raise UnsupportedResource(f"{path}: is no strict YAML ({error})") from error
    if not isinstance(value, dict):
        raise UnsupportedResource(f"{path}: is not a list of keys and values")
    return value


def _resource(entry: Any, number: int, descriptor: Path) -> Resource:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise UnsupportedResource(f"{descriptor}: resource {number} is not an object with a name")
    name = entry["name"]
    where = f"{descriptor}: {name}"
    path = None if "data" in entry else _path(entry.get("path"), descriptor.parent, where)
    form = str(entry.get("format") or (path.suffix[1:] if path else "inline")).lower()
    if path is None and entry["data"] is None:
        raise UnsupportedResource(f"{where}: the data are null")
    is_table = entry.get("type") == "table" or "schema" in entry
    if is_table and "schema" not in entry:
        raise UnsupportedResource(f"{where}: is a table without a schema, so that there is nothing to hold it against")
    if is_table and path and form not in ("csv", "tsv", "json"):
        raise UnsupportedResource(f"{where}: tables are read from CSV, TSV and JSON, not from {form!r}")
    if is_table and str(entry.get("encoding", "utf-8")).lower() not in ("utf-8", "utf8"):
        raise UnsupportedResource(f"{where}: tables are read as UTF-8, not as {entry['encoding']!r}")
    if entry.get("compression") not in (None, "no", ""):
        raise UnsupportedResource(f"{where}: compressed files are not read")
    dialect, has_header = (
        _dialect(entry.get("dialect"), "\t" if form == "tsv" else ",", where) if is_table else (Dialect(), True)
    )
    return Resource(
        name=name,
        place=str(entry.get("path", "<memory>")),
        path=path,
        form=form,
        schema=_schema(_linked(entry["schema"], descriptor.parent, where), where) if is_table else None,
        dialect=dialect,
        has_header=has_header,
        sha256=_sha256(entry.get("hash"), where),
        size=entry.get("bytes") if isinstance(entry.get("bytes"), int) else None,
        rows=entry.get("data") if path is None else None,
        folder=descriptor.parent,
    )


def _path(value: Any, folder: Path, where: str) -> Path:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value:
        raise UnsupportedResource(f"{where}: has no path of one file")
    parts = PurePosixPath(value).parts
    if not parts or not value.isprintable() or len(value) > _LONGEST_PATH:
        raise UnsupportedResource(f"{where}: the path {value[:100]!r} is none of a file")
    if "://" in value or value.startswith(("/", "~", "\\")) or ".." in parts or ":" in parts[0]:
        raise UnsupportedResource(f"{where}: the path {value[:100]!r} leads out of the folder of the descriptor")
    path = folder / value
    if any(place.is_symlink() for place in (path, *path.parents) if folder in place.parents):
        raise UnsupportedResource(f"{where}: the path {value[:100]!r} is a link")
    return path


def _linked(schema: Any, folder: Path, where: str) -> Mapping[str, Any]:
    """Return a schema that stands in the descriptor, or in a file beside it."""
    if isinstance(schema, str):
        return read_json(_path(schema, folder, where), folder)
    if not isinstance(schema, dict):
        raise UnsupportedResource(f"{where}: the schema is not an object")
    return schema


def _schema(descriptor: Mapping[str, Any], where: str) -> TableSchema:
    try:
        return read_schema(descriptor)
    except UnsupportedSchema as error:
        raise UnsupportedResource(f"{where}: {error}") from error


_DIALECT: Mapping[str, tuple[Any, ...]] = {
    "doubleQuote": (True,),
    "skipInitialSpace": (False,),
    "headerRows": ([1],),
    "commentRows": ([],),
    "caseSensitiveHeader": (False, True),
    "lineTerminator": ("\r\n", "\n", "\r"),
    "csvddfVersion": (1.2, "1.2", 1.0, "1.0"),
    "nullSequence": ("",),
    "type": ("delimited",),
}
"""Properties of a dialect that may be said, because they say what is done anyway."""


def _dialect(value: Any, delimiter: str, where: str) -> tuple[Dialect, bool]:
    if value is None:
        return Dialect(delimiter), True
    if not isinstance(value, dict):
        raise UnsupportedResource(f"{where}: the dialect is not an object in the descriptor")
    given = {
        key: item for key, item in value.items() if not key.startswith("$") and key not in ("name", "title", "description")
    }
    given |= given.pop("csv", {}) if isinstance(given.get("csv"), dict) else {}
    delimiter, quote = given.pop("delimiter", delimiter), given.pop("quoteChar", '"')
    has_header = given.pop("header", True)
    for key, item in given.items():
        if key not in _DIALECT or item not in _DIALECT[key]:
            raise UnsupportedResource(f"{where}: a dialect with {key} = {str(item)[:40]!r} is not read")
    return _marks(delimiter, quote, where), bool(has_header)


def _marks(delimiter: Any, quote: Any, where: str) -> Dialect:
    marks = [mark for mark in (delimiter, quote) if isinstance(mark, str) and len(mark) == 1 and mark.isascii()]
    if len(set(marks)) < 2 or set(marks) & set("\r\n\0"):
        raise UnsupportedResource(f"{where}: delimiter and quotation mark must be two different ASCII characters")
    return Dialect(delimiter, quote)


def _sha256(value: Any, where: str) -> str | None:
    """Return the sha256 that a descriptor gives; an unmarked hash is md5, which proves nothing and is refused by name."""
    if value is None:
        return None
    algorithm, _, digest = str(value).rpartition(":")
    if algorithm != "sha256":
        raise UnsupportedResource(f"{where}: the hash is {algorithm or 'md5'}; sha256 is checked")
    return digest.lower()
