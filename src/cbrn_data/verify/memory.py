"""What an auditor remembers of a store: a store put back as a whole, or forked, shows only so.

The file is JSON: ``sequence``, ``digest`` and ``date`` of the newest release that was seen and found intact; ``signers``,
the fingerprint of the key of each release by its sequence; ``withdrawn``, reason and date by version. Files that have only
the first three are read as well: what they do not hold was not seen.

It moves on only where everything holds. A key that is another than that of the release before is confirmed by a person, who
pins it or names it with ``--accept-key``; until then every verification fails and the memory stays where it was, because a
change of key that nobody looked at is what a thief of the place would bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.store.folder import Release
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.verify.results import Result, checked

CHECK = "memory"
LIMIT = 16 << 20
"""The most bytes of a memory."""


@dataclass(frozen=True)
class Memory:
    """What is remembered; ``sequence`` is 0 where nothing is."""

    sequence: int = 0
    digest: str = ""
    signers: Mapping[int, str] = field(default_factory=dict)
    withdrawn: Mapping[str, Any] = field(default_factory=dict)


def read_memory(path: Path) -> Memory:
    """Return what a file remembers, nothing where there is none. Raises CbrnDataError."""
    try:
        said = parse_object(path, foreign.read(path, LIMIT))
        signers = {int(sequence): str(key) for sequence, key in said.get("signers", {}).items()}
        return Memory(int(said["sequence"]), str(said["digest"]), signers, dict(said.get("withdrawn", {})))
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise VerificationError(f"{path}: cannot be read ({error.strerror})") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VerificationError(f"{path}: is not what --remember wrote; put it back or begin a new one") from error


def held_against(
    path: Path, releases: Sequence[Release], signer: Callable[[Path], str | None], accepted: Collection[str] | None
) -> Iterator[Result]:
    """Hold a store against the memory at ``path``; ``signer`` gives the fingerprint of the key that signed a folder.

    ``accepted`` are the fingerprints that a person confirmed; None where keys are pinned, which confirms whatever holds.
    """

    def run() -> Iterator[str]:
        return _faults(read_memory(path), releases, signer, accepted)

    yield from checked("store", CHECK, run, f"nothing that {path.name} remembers was taken back")


def _faults(
    memory: Memory, releases: Sequence[Release], signer: Callable[[Path], str | None], accepted: Collection[str] | None
) -> Iterator[str]:
    if not memory.sequence:
        return
    by_sequence = {release.sequence: release for release in releases}
    if memory.sequence not in by_sequence:
        yield f"the store was put back: it had {memory.sequence} releases and has {len(releases)}"
        return
    if by_sequence[memory.sequence].digest != memory.digest:
        yield f"release {memory.sequence} is another than the one seen before ({memory.digest[:16]}…)"
        return
    versions = {release.version: release.withdrawn for release in releases}
    for version, said in memory.withdrawn.items():
        if versions.get(version) != said:
            yield f"{version} was withdrawn when it was last seen, and this withdrawal is gone or another now"
    yield from _strange_keys(memory, releases, signer, accepted)


def _strange_keys(
    memory: Memory, releases: Sequence[Release], signer: Callable[[Path], str | None], accepted: Collection[str] | None
) -> Iterator[str]:
    known = memory.signers.get(memory.sequence) or signer(releases[memory.sequence - 1].folder)
    for release in releases:
        key = signer(release.folder) or "no key"
        seen = memory.signers.get(release.sequence)
        if seen is not None and seen != key:
            yield f"{release.version} was signed by {seen} when it was last seen, and is by {key} now"
        if release.sequence > memory.sequence and key != known:
            if accepted is not None and key not in accepted:
                yield f"{release.version} is signed by a new key; ask the publisher, then pin it or add --accept-key {key}"
                return
            known = key


def remember(path: Path, releases: Sequence[Release], signer: Callable[[Path], str | None]) -> None:
    """Write down what was seen and found intact. Raises CbrnDataError where that cannot be written."""
    head = releases[-1]
    said = {
        "sequence": head.sequence,
        "digest": head.digest,
        "date": head.date,
        "signers": {str(release.sequence): signer(release.folder) for release in releases},
        "withdrawn": {release.version: release.withdrawn for release in releases if release.withdrawn},
    }
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(dumped(said))
        temporary.replace(path)
    except OSError as error:
        raise CbrnDataError(f"{path}: cannot be written ({error.strerror}), so nothing will be remembered") from error
