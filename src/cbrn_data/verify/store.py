"""A whole ``published/``: every release, the chain that holds them, the index, and what is derived from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.errors import VerificationError
from cbrn_data.store import disk, history
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX, index_bytes, read_index, with_withdrawals
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import CUT_SHORT, FAILED, NOT_CHECKED, PASSED, Result, checked

STORE = "store"
LATEST = "latest/"


def verify_store(published: Path, trusted: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Yield the results of every release, oldest first, and then of the store that holds them."""
    try:
        releases = history.read_history(published)
    except Exception as error:
        yield Result(STORE, "chain", FAILED, str(error))
        yield from _each_alone(published, trusted)
        return
    if not releases:
        yield Result(STORE, "chain", FAILED, "there is no release")
        return
    previous: Path | None = None
    signer: str | None = None
    for release in releases:
        audit = ReleaseAudit(release.folder, trusted, previous)
        yield from audit.run()
        if not trusted and signer and audit.signer and audit.signer != signer:
            detail = f"the key changed from {signer[:16]}… to {audit.signer[:16]}…, and none is pinned"
            yield Result(release.version, "signature", NOT_CHECKED, detail)
        previous, signer = release.folder, audit.signer or signer
    head = releases[-1]
    yield Result(STORE, "chain", PASSED, f"{len(releases)} releases; head {head.sequence} {head.digest} of {head.date}")
    yield from _index(published, releases)


def _each_alone(published: Path, trusted: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Where the chain is broken, still say of each folder whether it holds alone."""
    folder = published / history.RELEASES
    if not folder.is_dir():
        return
    for name in disk.entries(folder):
        if not name.startswith("."):
            yield from ReleaseAudit(folder / name, trusted).run()


def _index(published: Path, releases: list[Release]) -> Iterator[Result]:
    leftovers = [name for name in disk.entries(published) if name.startswith(".")]
    try:
        listed = _listed(published, releases)
    except Exception as error:
        yield Result(STORE, "index", FAILED, str(error))
        return
    if listed < len(releases):
        detail = f"{INDEX} does not list {releases[-1].version} yet; the next publication finishes that"
        yield Result(STORE, "index", CUT_SHORT, detail)
    else:
        yield Result(STORE, "index", PASSED, f"{INDEX} lists every release")
    yield from _derived(published, releases, behind=listed < len(releases))
    if leftovers:
        detail = f"a publication left {', '.join(leftovers)[:120]}; the next one sweeps it"
        yield Result(STORE, "leftovers", CUT_SHORT, detail)


def _listed(published: Path, releases: list[Release]) -> int:
    """Return how many releases the index lists: all, or all but the newest. Raises VerificationError otherwise."""
    data = disk.read(published / INDEX)
    derived = parse_object(published / INDEX, data)["derived"]
    known = with_withdrawals(releases, read_index(published, releases))
    for count in (len(releases), len(releases) - 1):
        if count and index_bytes(known[:count], derived) == data:
            return count
    raise VerificationError(f"{INDEX} is not the list of the releases that are there")


def _derived(published: Path, releases: list[Release], behind: bool) -> Iterator[Result]:
    derived: dict[str, str] = json.loads(disk.read(published / INDEX))["derived"]
    there = {name for name, mode in disk.walk(published) if not name.startswith((".", f"{history.RELEASES}/"))}
    folders = {str(parent) for name in {*derived, *there} for parent in Path(name).parents}
    faults: list[str] = []
    withdrawn = read_index(published, releases).withdrawn
    held = next((release for release in reversed(releases) if release.version not in withdrawn), releases[-1])
    for name, sha256 in sorted(derived.items()):
        if name not in there:
            faults.append(f"{name} is missing")
        elif hashlib.sha256(disk.read(published / name)).hexdigest() != sha256:
            faults.append(f"{name} was changed")
    faults += [f"{name} was added" for name in sorted(there - derived.keys() - folders - {INDEX, history.RELEASES})]
    faults += [] if behind else list(_latest(published, held, derived))
    for fault in faults:
        yield Result(STORE, "derived files", CUT_SHORT if behind else FAILED, fault)
    if not faults:
        yield Result(STORE, "derived files", PASSED, f"{len(derived)} files are as {INDEX} lists them")


def _latest(published: Path, held: Release, derived: dict[str, str]) -> Iterator[str]:
    """Name the files of ``latest/`` that are not those of the newest release."""
    there = {name.removeprefix(LATEST): sha256 for name, sha256 in derived.items() if name.startswith(LATEST)}
    files = [name for name, mode in disk.walk(held.folder) if (held.folder / name).is_file()]
    wanted = {name: disk.digest(held.folder / name) for name in files}
    yield from (
        f"{LATEST}{name} is not that of {held.version}" for name in sorted(wanted) if there.get(name) != wanted[name]
    )
    yield from (f"{LATEST}{name} is no file of {held.version}" for name in sorted(there.keys() - wanted.keys()))


def held_against(memory: Path, releases: list[Release]) -> Iterator[Result]:
    """Hold a store against what an auditor remembers of it: a store put back as a whole, or forked, shows only so."""

    def run() -> Iterator[str]:
        if memory.exists():
            seen = parse_object(memory, memory.read_bytes())
            digests = {release.sequence: release.digest for release in releases}
            if seen["sequence"] not in digests:
                yield f"the store was put back: it had {seen['sequence']} releases and has {len(releases)}"
            elif digests[seen["sequence"]] != seen["digest"]:
                yield f"release {seen['sequence']} is another than the one seen before ({seen['digest'][:16]}…)"

    yield from checked(STORE, "memory", run, f"nothing that {memory.name} remembers was taken back")


def remember(memory: Path, head: Release) -> None:
    """Write down the newest release that was seen and found intact."""
    temporary = memory.with_name(f".{memory.name}.new")
    temporary.write_bytes(dumped({"sequence": head.sequence, "digest": head.digest, "date": head.date}))
    temporary.replace(memory)


def fresh(head: Release, max_age: int, today: str) -> Iterator[Result]:
    """Say whether the newest release is at most ``max_age`` days old."""
    age = (date.fromisoformat(today) - date.fromisoformat(head.date)).days
    result = PASSED if age <= max_age else FAILED
    yield Result(STORE, "age", result, f"the newest release is {age} days old, at most {max_age} are allowed")
