"""Releases of a store, each opened as a verified copy: what is answered later is what was checked.

The index of an address must be what the signed metadata say (``origin.WebOrigin``); that of a folder too, if the folder has
metadata. With pinned keys (``keys.trusted``), these must vouch for the metadata. The index is read again for each answer, so
a new release or a withdrawal is seen at once. Each file of a release is checked by its digest and copied to a temporary
folder, from which answers are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cbrn_data.client import Published, ReleaseFiles, chosen, listed
from cbrn_data.errors import UntrustedError
from cbrn_data.origin import FILE_LIMIT, FolderOrigin, origin
from cbrn_data.release.trace import Tracer
from cbrn_data.schema.parts import PARTS
from cbrn_data.settings import Settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, INFO, REPORT, SUMS, is_part, read_release
from cbrn_data.store.history import INDEX, METADATA
from cbrn_data.store.names import inside
from cbrn_data.trust.client import coming, in_folder, trusted
from cbrn_data.verify.vouched import kept_in, raw_pins

OPEN_AT_MOST = 3
"""Releases whose tables are in memory at once."""


class Opened:
    """A release: ``entry`` in the index, and ``tracer``, which has its tables, definitions and evidence.

    ``left_out`` are the tables that are too large to be copied.
    """

    def __init__(self, files: ReleaseFiles) -> None:
        self.entry = files.entry
        self._copy = TemporaryDirectory(prefix="cbrn-data-")
        folder = Path(self._copy.name)

        def copy(names: Iterator[str]) -> None:
            for name in names:
                path = inside(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files.sums if name == SUMS else files.file(name))

        copy(iter((SUMS, INFO, REPORT, DESCRIPTOR)))
        large = {path for one in files.package["resources"] if _size(one) > FILE_LIMIT for path in _paths(one)}
        tables = [name for name in files.listed if name.endswith(".csv") and ("/" not in name or is_part(name))]
        self.left_out = {name.partition("/")[0].removesuffix(".csv") for name in tables if name in large}
        copy(name for name in files.listed if name.startswith("schemas/") or name in {*tables} - large)
        self.tracer = Tracer(replace(read_release(folder), erased=self.entry.erased))
        paths = (row["path"] or "" for row in self.tracer.tables["sources"].rows if row["kind"] not in ("bulk", "records"))
        copy(path for path in paths if path in files.listed and path not in self.entry.erased)


def _paths(resource: Mapping[str, Any]) -> list[str]:
    """Return the names of the files of a resource."""
    return resource["path"] if isinstance(resource["path"], list) else [resource["path"]]


def _size(resource: Mapping[str, Any]) -> int:
    """Return the bytes of a resource, of a table in parts those of all."""
    return int(resource.get("bytes", 0)) + sum(int(part["bytes"]) for part in resource.get(PARTS, ()))


class OpenedStore:
    """The releases of the store at ``source``, a folder or an address; None is the configured one. Raises CbrnDataError."""

    def __init__(self, source: str | None, settings: Settings) -> None:
        self._pins = raw_pins(trusted_keys(settings.trusted_keys))
        self._place = origin(source, settings)
        self._opened: dict[str, Opened] = {}
        self.name = self._place.name

    def releases(self) -> list[Published]:
        """Return the releases, newest first."""
        if isinstance(self._place, FolderOrigin):
            self._check_index(Path(self.name))
        return listed(self._place)

    def open(self, version: str | None) -> Opened:
        """Return a release; None and ``latest`` are the newest that is not withdrawn."""
        entry = chosen(self.releases(), version, self.name)
        found = self._opened.pop(entry.digest, None)
        if found is None or found.entry != entry:
            found = Opened(ReleaseFiles(self._place, entry))
        while len(self._opened) >= OPEN_AT_MOST:
            del self._opened[next(iter(self._opened))]
        self._opened[entry.digest] = found
        return found

    def _check_index(self, published: Path) -> None:
        """Refuse the index of a folder that the metadata do not vouch for; a store of the older form has none."""
        if not disk.mode(published / METADATA):
            if self._pins:
                raise UntrustedError(f"{published}: has no {METADATA}/, so no pinned key vouches for its index")
            return
        digest, read = disk.digest(published / INDEX), in_folder(published / METADATA)
        try:
            with kept_in(None) as kept:
                said = trusted(read, kept, self._pins)
            states = said, replace(said, targets=coming(read, said))  # the second is there if a publication was cut short
        except UntrustedError as error:
            raise UntrustedError(f"{published}: {error}") from error
        if not any(state.holds(INDEX, digest) for state in states):
            raise UntrustedError(f"{published / INDEX}: is not what the metadata vouch for; `cbrn-data verify` says more")
