"""The memory of an auditor: the trusted metadata of a TUF client in one file, and the index for which they vouched.

With it, TUF's own rules refuse a store that was reset, frozen or signed by another root. The index also shows whether the
publisher exchanged a release or dropped a withdrawal, which signatures cannot show.

The file is JSON: ``metadata``, the text of each file of the client by name, and ``index``, the text of ``releases.json``. It
is written only if all checks pass. Files of the older form (``sequence`` and ``digest`` of the newest release) are read too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cbrn_data import foreign
from cbrn_data.atomic import whole
from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.refusals import meaning
from cbrn_data.store import disk
from cbrn_data.store.folder import UNDONE, Release, marks_of
from cbrn_data.store.history import INDEX
from cbrn_data.store.index import Index, read_index
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.trust.client import keys_in, packed, unpack
from cbrn_data.verify.results import NOT_CHECKED, PASSED, UNDOING, Result, checked

CHECK = "memory"
LIMIT = 1 << 28
"""The most bytes of a memory."""


@dataclass(frozen=True)
class Memory:
    """A memory at ``path``, unpacked into ``folder``; ``older`` is its content if it has the older form.

    ``keys`` (raw) are those of its roots; the client's metadata in ``folder`` move on with the store.
    """

    path: Path
    folder: Path
    index: Index
    older: dict[str, Any]
    keys: frozenset[str]

    def results(self, releases: Sequence[Release]) -> Iterator[Result]:
        """Compare the releases of a store, oldest first, with those of the memory."""

        def run() -> Iterator[str]:
            return self._faults(releases)

        found = list(checked("store", CHECK, run, f"the store has everything that {self.path.name} remembers"))
        yield from found
        if all(result.result == PASSED for result in found):
            yield from self._undone(releases)

    def _faults(self, releases: Sequence[Release]) -> Iterator[str]:
        there = {release.version: release for release in releases}
        for version, digest in self.index.digests.items():
            if version not in there:
                yield f"the store was rolled back: it had {version} and has it no more"
            elif there[version].digest != digest:
                yield f"{version} differs from the one seen before ({digest[:16]}…)"
            elif not _continues(there[version].marks, self._marks(version)):
                yield f"{version} was withdrawn when it was last seen; now this withdrawal is missing or different"
        if self.older and self.older.get("digest") not in {release.digest for release in releases}:
            yield f"the store has not the release that was seen before ({str(self.older.get('digest'))[:16]}…)"
        for version, mark in self.older.get("withdrawn", {}).items():
            if version not in there or mark["reason"] not in [one["reason"] for one in there[version].marks]:
                yield f"{version} was withdrawn when it was last seen; now this withdrawal is missing or different"

    def _marks(self, version: str) -> list[dict[str, str]]:
        return marks_of(self.index.withdrawn.get(version), self.index.past.get(version, ()))

    def _undone(self, releases: Sequence[Release]) -> Iterator[Result]:
        """Yield withdrawals that were undone since the memory was written, for a person to judge."""
        for release in releases:
            mark = release.marks[-1] if release.marks else {}
            was_withdrawn = release.version in {**self.index.withdrawn, **self.older.get("withdrawn", {})}
            if was_withdrawn and mark.get("kind") == UNDONE:
                detail = f"its withdrawal was undone on {mark['date']}: {mark['reason']}"
                yield Result(release.version, UNDOING, NOT_CHECKED, shown(detail, 300))

    def keep(self, published: Path) -> None:
        """Write the memory of a store that was found intact. Raises CbrnDataError if it cannot be written."""
        content = {"metadata": packed(self.folder), "index": disk.read(published / INDEX).decode()}
        try:
            with whole(self.path) as file:
                file.write(dumped(content))
        except OSError as error:
            message = f"{self.path}: cannot be written ({meaning(error)}), so the memory was not updated"
            raise CbrnDataError(message) from error


def _continues(marks: list[dict[str, str]], before: list[dict[str, str]]) -> bool:
    return marks[: len(before)] == before


@contextmanager
def recalled(path: Path) -> Iterator[Memory]:
    """Unpack the memory in a file, or an empty one if the file does not exist. Raises VerificationError."""
    with TemporaryDirectory(prefix="cbrn-data-") as made:
        folder = Path(made)
        try:
            content = parse_object(path, foreign.read(path, LIMIT))
            older = {} if "metadata" in content else content
            if older:
                assert isinstance(older["sequence"], int) and isinstance(older.get("withdrawn", {}), dict)
            unpack(folder, content.get("metadata", {}))
            keys = keys_in(folder)
            if index := content.get("index"):
                (folder / INDEX).write_text(index, encoding="utf-8")
                read_index(folder, [])
        except FileNotFoundError:
            older, keys = {}, frozenset()
        except OSError as error:
            raise VerificationError(f"{path}: cannot be read ({meaning(error)})") from error
        except (CbrnDataError, AssertionError, KeyError, TypeError, AttributeError) as error:
            raise VerificationError(f"{path}: is not a file written by --remember; restore it, or use a new file") from error
        yield Memory(path, folder, read_index(folder, []), older, keys)
