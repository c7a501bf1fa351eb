"""Files derived from the releases, held against the releases and not against the index alone, which nothing signs.

So where ``latest/`` or the feed is changed together with the index, that is found as well, and so is a file that is
added to both. The catalogue and the pages cannot be judged without making them: they are held against their digests in
the index here, and ``verify --rebuild`` derives them again.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.store import disk, history
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX
from cbrn_data.verify.feed import FEED, feed_faults
from cbrn_data.verify.results import CUT_SHORT, Result, checked

LATEST = "latest/"
_MADE = re.compile(
    r"catalog\.(ttl|rdf|jsonld)|sitemap\.xml|(index|history)\.html"
    r"|(tables|countries|projects|sources|history)/[^/]+\.html|pictures/[^/]+\.svg|assets/[^/]+"
)
"""The names of what is made for readers."""


def listing_faults(known: Sequence[Release], derived: Mapping[str, str]) -> Iterator[str]:
    """Say where the derived files that the index lists are not those that follow from the releases it lists."""
    wanted = _latest(known)
    there = {name for name in derived if name.startswith(LATEST)}
    yield from (f"{name} is listed, and is no file of the newest release" for name in sorted(there - wanted.keys()))
    yield from (f"{name} is not that of the newest release" for name in sorted(wanted) if derived.get(name) != wanted[name])
    if FEED not in derived:
        yield f"{FEED} is not listed"
    others = derived.keys() - wanted.keys() - {FEED} - there
    yield from (f"{name} is listed, and is not derived" for name in sorted(others) if not _MADE.fullmatch(name))


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
    open_still: list[str] = []

    def run() -> list[str]:
        coming = _latest(known) if count < len(known) else {}
        there = {name: mode for name, mode in disk.walk(published) if not is_elsewhere(name)}
        made = {name for name, mode in there.items() if count < len(known) and stat.S_ISREG(mode) and _MADE.fullmatch(name)}
        folders = {str(parent) for name in {*derived, *coming, *made} for parent in Path(name).parents}
        for name, mode in there.items():
            if name in folders and stat.S_ISDIR(mode):
                continue
            actual = disk.digest(published / name) if stat.S_ISREG(mode) else None
            if name in derived and actual == derived[name]:
                faults.extend(feed_faults(disk.read(published / name), known[:count]) if name == FEED else ())
            elif actual and (actual == coming.get(name) or _is_coming_feed(published, name, known, count)):
                early.append(name)
            elif name in made:
                open_still.append(name)
            else:
                faults.append(f"{name} was {'changed' if name in derived or name in folders else 'added'}")
        faults.extend(f"{name} is missing" for name in sorted(derived.keys() - there.keys()))
        return faults

    yield from checked(subject, "derived files", run, f"{len(derived)} files are as {INDEX} lists them")
    if early:
        yield Result(subject, "derived files", CUT_SHORT, f"{_some(early)}: of {known[-1].version} already")
    if open_still:
        detail = f"{_some(open_still)}: not as {INDEX} lists them, perhaps of {known[-1].version} already; --rebuild tells"
        yield Result(subject, "derived files", CUT_SHORT, detail)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and others' if names[3:] else ''}"


def is_elsewhere(name: str) -> bool:
    """Tell what no derivation makes: the releases, the index, and what a publication hides."""
    return name.startswith((".", f"{history.RELEASES}/")) or name in (INDEX, history.RELEASES)


def _is_coming_feed(published: Path, name: str, known: Sequence[Release], count: int) -> bool:
    return name == FEED and count < len(known) and not list(feed_faults(disk.read(published / name), known))
