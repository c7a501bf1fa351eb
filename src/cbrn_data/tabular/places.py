"""Where the files of a package are: in the folder of its descriptor, or at addresses; and the objects in such files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.nesting import nests_too_deeply
from cbrn_data.refusals import meaning
from cbrn_data.strict_json import no_constant
from cbrn_data.tabular.remote import SCHEMES, Remote, is_address

DESCRIPTOR_LIMIT = 64 << 20
"""The most bytes of a descriptor or of a schema."""
_LONGEST_PATH = 1000


class UnsupportedResource(CbrnDataError):
    """A resource or a package that is invalid or not supported."""


@dataclass(frozen=True)
class Base:
    """The place of a descriptor, from which relative paths lead: its ``folder``, or its ``address``.

    Only files in that folder are read: no absolute path, no path out of the folder, no symbolic link; and addresses if there
    is a ``remote``. ``name`` is the descriptor in messages.
    """

    name: str
    folder: Path | None = None
    address: str = ""
    remote: Remote | None = None

    def path(self, value: Any) -> Path:
        """Return where the file of a path or an address is, or will be. Raises UnsupportedResource."""
        if not isinstance(value, str) or not value:
            raise UnsupportedResource("it must have the path of a file")
        parts, said = PurePosixPath(value).parts, shown(repr(value), 100)
        if not parts or not value.isprintable() or len(value) > _LONGEST_PATH:
            raise UnsupportedResource(f"the path {said} is not a relative path of a file")
        if is_address(value):
            return fetched_path(value, self.remote)
        if value.startswith(("/", "~", "\\")) or ".." in parts or ":" in parts[0]:
            raise UnsupportedResource(f"the path {said} leads out of the folder of the descriptor")
        if any(part.startswith(".") for part in parts):
            raise UnsupportedResource(f"the path {said} is hidden (a name begins with a dot), which the standard forbids")
        if self.folder is None:
            return fetched_path(self.place(value), self.remote)
        path = self.folder / value
        if any(place.is_symlink() for place in (path, *path.parents) if self.folder in place.parents):
            raise UnsupportedResource(f"the path {said} is a symbolic link")
        return path

    def place(self, value: str) -> str:
        """Return a path relative to the current folder, or an address."""
        if is_address(value):
            return value
        if self.folder is None:
            return f"{self.address.partition('?')[0].rpartition('/')[0]}/{quote(value)}"
        return str(self.folder / value)

    def read_object(self, value: Any) -> dict[str, Any]:
        """Return the object in the file of a path or an address. Raises UnsupportedResource."""
        path = self.path(value)
        return read_object(path, None if is_address(self.place(value)) else self.folder, self.remote)


def fetched_path(address: str, remote: Remote | None) -> Path:
    """Return where the file of an address will be. Raises UnsupportedResource without ``remote``."""
    said = shown(repr(address), 100)
    if address.partition(":")[0].lower() not in SCHEMES:
        raise UnsupportedResource(f"the address {said} is not fetched; use {', '.join(SCHEMES)}")
    if remote is None:
        raise UnsupportedResource(f"the address {said} is fetched with --remote only")
    try:
        return remote.path_of(address)
    except ValueError as error:
        raise UnsupportedResource(f"the address {said} is not fetched; {error}") from error


def read_object(path: Path, below: Path | None = None, remote: Remote | None = None) -> dict[str, Any]:
    """Return the object in a JSON or YAML file. Raises UnsupportedResource."""
    is_yaml = path.suffix in (".yaml", ".yml")
    form = "strict YAML" if is_yaml else "valid JSON"
    name = remote.address_of(path) if remote else str(path)
    try:
        if remote:
            remote.ensure(path, DESCRIPTOR_LIMIT)
        data = foreign.read(path, DESCRIPTOR_LIMIT, below)
        value = _yaml(data) if is_yaml else parse_file(data)
    except OSError as error:
        raise UnsupportedResource(f"{name}: cannot be read ({meaning(error)})") from error
    except ValueError as error:
        raise UnsupportedResource(f"{name}: is not {form} ({error})") from error
    if not isinstance(value, dict):
        raise UnsupportedResource(f"{name}: is not {'a list of keys and values' if is_yaml else 'a JSON object'}")
    return value


def _yaml(data: bytes) -> Any:
    from cbrn_data.strict_yaml import YamlError, load_yaml

    try:
        return load_yaml(data.decode())
    except YamlError as error:
        raise ValueError(str(error)) from error


def parse_file(data: bytes, **options: Any) -> Any:
    """Return the content of a JSON file; a byte order mark is ignored. Raises ValueError."""
    text = data.removeprefix(b"\xef\xbb\xbf")
    if nests_too_deeply(text):
        raise ValueError("it nests too deeply")
    return json.loads(text.decode(), parse_constant=no_constant, **options)
