"""``verify --rebuild`` of what is derived: made again from the releases, and every byte compared.

Nothing signs these files, and the index that lists their digests is derived itself; so only this shows that a page says
what the releases say. Loads the producer, as ``rebuild`` does. Binding where the newest release was made by this very
code; where another made it, another may have derived the files, and what differs is said and not judged.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.catalogue.address import checked_base
from cbrn_data.catalogue.derive import derivation
from cbrn_data.catalogue.feed import FEED, base_of
from cbrn_data.pipeline import pages
from cbrn_data.release.code import code_version
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.store.history import read_history
from cbrn_data.store.index import read_index, with_withdrawals
from cbrn_data.verify.derived import is_elsewhere
from cbrn_data.verify.results import NOT_CHECKED, Result, checked

CHECK = "derived again"


def rederived(subject: str, published: Path) -> Iterator[Result]:
    """Say whether the derived files of a store are what its releases give, at the address that its feed names."""

    def run() -> list[str]:
        found = read_history(published)
        index = read_index(published, found)
        releases = with_withdrawals(found, index)
        base = checked_base(base_of(disk.read(published / FEED)))
        states = [_derived(published, releases, base)]
        if index.digests and len(index.digests) < len(releases):
            states.append(_derived(published, releases[: len(index.digests)], base))
        faults = list(_differences(published, states))
        if faults and releases[-1].info.get("code") != code_version():
            others.append(f"{len(faults)} files differ from what this code derives, and another made {releases[-1].version}")
            return []
        return faults

    others: list[str] = []
    results = list(checked(subject, CHECK, run, "every file is the same byte for byte"))
    yield from [Result(subject, CHECK, NOT_CHECKED, said) for said in others] or results


def _derived(published: Path, releases: list[Release], base: str) -> dict[str, str]:
    files = derivation(base, pages)(published, releases)
    return {name: disk.sha256_of(data) for name, data in files.items()}


def _differences(published: Path, states: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Name what is of no state; in a publication that was cut short each file is of the one before or the one after."""
    files = [name for name, mode in disk.walk(published) if stat.S_ISREG(mode) and not is_elsewhere(name)]
    there = {name: disk.digest(published / name) for name in files}
    for name in sorted(there.keys() | states[-1].keys()):
        if all(there.get(name) != state.get(name) for state in states):
            known = any(name in state for state in states)
            yield f"{name} {'is not there' if name not in there else 'is derived otherwise' if known else 'is not derived'}"
