"""Verify derived files: those of ``latest/`` with the releases, all with the index, for which the metadata vouch.

The pages are compared with their digests only; ``verify --rebuild`` derives them again.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.catalogue.feed import FEED
from cbrn_data.progress import tracked
from cbrn_data.store import disk, history
from cbrn_data.store.folder import Release, latest_of
from cbrn_data.store.history import INDEX, METADATA
from cbrn_data.verify.results import CUT_SHORT, Result, checked
from cbrn_data.verify.vouched import Vouched

LATEST = "latest/"
_MADE = re.compile(
    r"catalog\.(ttl|rdf|jsonld)|sitemap\.xml|(index|history|search)\.html"
    r"|(tables|regions|countries|projects|sources|history)/[^/]+\.html|tables/[^/]+\.js|pictures/[^/]+\.svg|assets/[^/]+"
)
"""The names of files that are made for readers."""


def listing_faults(known: Sequence[Release], derived: Mapping[str, str]) -> Iterator[str]:
    """Yield the differences between the derived files in the index and those that follow from its releases."""
    wanted = _latest(known)
    there = {name for name in derived if name.startswith(LATEST)}
    yield from (f"{name} is listed, but is not a file of the newest release" for name in sorted(there - wanted.keys()))
    yield from (f"{name} differs from the newest release" for name in sorted(wanted) if derived.get(name) != wanted[name])
    if FEED not in derived:
        yield f"{FEED} is not listed"
    others = derived.keys() - wanted.keys() - {FEED} - there
    yield from (f"{name} is listed, but is not a derived file" for name in sorted(others) if not _MADE.fullmatch(name))


def _latest(known: Sequence[Release]) -> dict[str, str]:
    """Return the digests of ``latest/``, which has the files of the newest release that is not withdrawn."""
    held = latest_of(known)
    names = [name for name, mode in disk.walk(held.folder) if stat.S_ISREG(mode)]
    return {f"{LATEST}{name}": disk.digest(held.folder / name) for name in names}


def check_derived(subject: str, published: Path, derived: Mapping[str, str], vouched: Vouched) -> Iterator[Result]:
    """Compare the derived files with the digests ``derived`` in the index, and find those that were added.

    A publication that was cut short leaves files of the next state, or of the one before; the metadata vouch for both.
    """
    moving: list[str] = []

    def run() -> Iterator[str]:
        there = {name: mode for name, mode in disk.walk(published) if not is_elsewhere(name)}
        known = derived.keys() | {name for name in there if vouched.right(name)}
        folders = {str(parent) for name in known for parent in Path(name).parents}
        for name, mode in tracked("Check the pages", there.items(), len(there)):
            if name in folders and stat.S_ISDIR(mode):
                continue
            actual = disk.digest(published / name) if stat.S_ISREG(mode) else ""
            if actual and actual == derived.get(name):
                continue
            if actual in vouched.right(name):
                moving.append(name)
            else:
                yield f"{name} was {'changed' if name in derived or name in folders else 'added'}"
        gone = derived.keys() - there.keys()
        moving.extend(name for name in gone if vouched.may_be_missing(name))
        yield from (f"{name} is missing" for name in sorted(gone) if not vouched.may_be_missing(name))

    yield from checked(subject, "derived files", run, f"{len(derived)} files are as {INDEX} lists them")
    if moving:
        detail = f"{_some(sorted(moving))}: of the state before or to come; repeat what was cut short, or publish"
        yield Result(subject, "derived files", CUT_SHORT, detail)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and others' if names[3:] else ''}"


def is_elsewhere(name: str) -> bool:
    """Return whether a file is not derived: releases, metadata, the index, and hidden files."""
    folders = (history.RELEASES, METADATA)
    return name.startswith((".", *(f"{folder}/" for folder in folders))) or name in (INDEX, *folders)
