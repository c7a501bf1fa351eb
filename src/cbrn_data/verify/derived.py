"""Files derived from the releases, held against the releases and not against the index alone, which nothing signs.

So a file that is changed together with its digest in the index is found as well, and so is one that is added to both.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.store import disk, history
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX
from cbrn_data.verify.feed import FEED, feed_faults
from cbrn_data.verify.results import CUT_SHORT, Result, checked

LATEST = "latest/"


def listing_faults(known: Sequence[Release], derived: Mapping[str, str]) -> Iterator[str]:
    """Say where the derived files that the index lists are not those that follow from the releases it lists."""
    wanted = _latest(known)
    there = {name for name in derived if name.startswith(LATEST)}
    yield from (f"{name} is listed, and is no file of the newest release" for name in sorted(there - wanted.keys()))
    yield from (f"{name} is not that of the newest release" for name in sorted(wanted) if derived.get(name) != wanted[name])
    if FEED not in derived:
        yield f"{FEED} is not listed"
    yield from (f"{name} is listed, and is not derived" for name in sorted(derived.keys() - wanted.keys() - {FEED} - there))


def _latest(known: Sequence[Release]) -> dict[str, str]:
    """Return the digests of the files of ``latest/``: those of the newest release that was not withdrawn."""
    held = next((release for release in reversed(known) if not release.withdrawn), known[-1])
    names = [name for name, mode in disk.walk(held.folder) if stat.S_ISREG(mode)]
    return {f"{LATEST}{name}": disk.digest(held.folder / name) for name in names}


def check_derived(
    subject: str, published: Path, known: Sequence[Release], count: int, derived: Mapping[str, str]
) -> Iterator[Result]:
    """Hold the derived files against the ``count`` releases that the index lists, and what it lists as ``derived``.

    Where it is one release behind, a file may already be that of the newest: a publication was cut short there.
    """
    faults: list[str] = []
    early: list[str] = []

    def run() -> list[str]:
        coming = _latest(known) if count < len(known) else {}
        there = {name: mode for name, mode in disk.walk(published) if not _is_elsewhere(name)}
        folders = {str(parent) for name in {*derived, *coming} for parent in Path(name).parents}
        for name, mode in there.items():
            if name in folders and stat.S_ISDIR(mode):
                continue
            actual = disk.digest(published / name) if stat.S_ISREG(mode) else None
            if name in derived and actual == derived[name]:
                faults.extend(feed_faults(disk.read(published / name), known[:count]) if name == FEED else ())
            elif actual and (actual == coming.get(name) or (count < len(known) and _is_feed_of(published, name, known))):
                early.append(name)
            else:
                faults.append(f"{name} was {'changed' if name in derived or name in folders else 'added'}")
        faults.extend(f"{name} is missing" for name in sorted(derived.keys() - there.keys()))
        return faults

    yield from checked(subject, "derived files", run, f"{len(derived)} files are as {INDEX} lists them")
    if early:
        detail = f"{', '.join(early[:3])}{' and others' if early[3:] else ''}: of {known[-1].version} already"
        yield Result(subject, "derived files", CUT_SHORT, detail)


def _is_elsewhere(name: str) -> bool:
    return name.startswith((".", f"{history.RELEASES}/")) or name in (INDEX, history.RELEASES)


def _is_feed_of(published: Path, name: str, known: Sequence[Release]) -> bool:
    return name == FEED and not list(feed_faults(disk.read(published / name), known))
