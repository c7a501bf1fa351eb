"""The audit of a whole store: its checks, the comparison with a memory, the limit of age, and the requested options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.errors import CbrnDataError
from cbrn_data.signing.keys import fingerprint
from cbrn_data.store.folder import Release
from cbrn_data.store.history import read_history
from cbrn_data.store.index import read_index, with_withdrawals
from cbrn_data.trust.client import keys_in
from cbrn_data.verify.memory import Memory
from cbrn_data.verify.results import FAILED, FRESHNESS, KEY, NOT_CHECKED, PASSED, STORE, Result, exit_code
from cbrn_data.verify.store import fresh, verify_store
from cbrn_data.verify.vouched import raw_pins

OPTIONS = {
    "keys.trusted": "no key is pinned",
    "--remember": "no comparison with an earlier state",
    "--max-age": "no limit of age",
    "--rebuild": "no release, text or page was made again, and no leaflet was read again",
}
"""The options of an auditor, and what is not checked without each."""


@dataclass(frozen=True)
class Asked:
    """The time of an audit (UTC), the options ``used`` with their values, and the ``unused`` ones with what is missing."""

    time: str
    used: Mapping[str, str] = field(default_factory=dict)
    unused: Mapping[str, str] = field(default_factory=dict)


def asked(time: str, options: Mapping[str, object], is_release: bool) -> Asked:
    """Return the requested checks, from the values of all options; None and False mean that one was not used.

    >>> asked("2026-11-22 00:00", {"--max-age": 0, "--rebuild": False}, is_release=False).used
    {'--max-age': '0'}
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    used = {name: "yes" if value is True else str(value) for name, value in given.items()}
    skipped = {"--remember", "--max-age"} if is_release else set()
    return Asked(time, used, {name: lacks for name, lacks in OPTIONS.items() if name not in used.keys() | skipped})


def audit_store(
    published: Path,
    trusted: Sequence[Ed25519PublicKey],
    today: str,
    memory: Memory | None = None,
    max_age: int | None = None,
    served: bool = False,
    known: Sequence[Ed25519PublicKey] | None = None,
) -> list[Result]:
    """Verify a store; ``remember`` writes the memory when all else is done.

    ``today`` (YYYY-MM-DD) is for ``max_age`` in days. If ``known`` keys are given, any other key that is new since the
    memory was written is a failure, else it is named for a person to judge: the root before vouches for it.
    """
    results = list(verify_store(published, trusted, memory.folder if memory else None, served))
    if any(result.check == "chain" and result.result != PASSED for result in results):
        return results
    releases = releases_of(published)
    results += _clock(releases[-1], today)
    results += fresh(releases[-1], max_age, today) if max_age is not None else []
    if memory:
        results += memory.results(releases)
        results += _new_keys(memory, trusted if known is None else known)
        if known is not None:
            results = [_refused(result, memory) for result in results]
    return results


def remember(memory: Memory | None, published: Path, results: Sequence[Result], rebuild: bool = False) -> None:
    """Write the memory of a store if all checks passed, including those of fetching and of a ``rebuild``."""
    if memory and exit_code(results, rebuild) == 0:
        memory.keep(published)


def _clock(head: Release, today: str) -> Iterator[Result]:
    """Yield a failure if the newest release is dated in the future: the clock is wrong, so expiry cannot be checked."""
    if head.date > today:
        detail = f"the newest release is of {head.date}, but the clock of this machine says {today}: correct one of them"
        yield Result(STORE, FRESHNESS, NOT_CHECKED, detail)


def releases_of(published: Path) -> list[Release]:
    """Return the releases, with their withdrawals if the index can be read."""
    releases = read_history(published)
    try:
        return with_withdrawals(releases, read_index(published, releases))
    except CbrnDataError:
        return releases


def _new_keys(memory: Memory, known: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Yield the keys of the root that neither the memory nor ``known`` has; none if the memory is new."""
    for key in sorted(keys_in(memory.folder) - memory.keys - raw_pins(known)) if memory.keys else ():
        name = fingerprint(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
        detail = f"the root names a new key, {name}; ask the publisher to confirm it, then add it to keys.trusted"
        yield Result(STORE, KEY, NOT_CHECKED, detail)


def _refused(result: Result, memory: Memory) -> Result:
    """Turn a change of key since the memory into a failure; for releases, only if no metadata vouch for them."""
    if (result.check, result.result) != (KEY, NOT_CHECKED):
        return result
    is_older = result.subject in memory.index.digests or not memory.index.digests
    is_vouched = bool(keys_in(memory.folder))
    return result if result.subject != STORE and (is_older or is_vouched) else replace(result, result=FAILED)
