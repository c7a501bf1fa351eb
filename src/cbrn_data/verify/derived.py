"""Files derived from the releases, held against the releases and not against the index alone, which nothing signs.

So where ``latest/`` or the feed is changed together with the index, that is found as well, and so is a file that is
added to both. The catalogue and the pages cannot be judged without making them: they are held against their digests in
the index here, and ``verify --rebuild`` derives them again.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cbrn_data.catalogue.feed import FEED
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.store import disk, history
from cbrn_data.store.derived import LEAVING
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.feed import feed_faults, withdrawing
from cbrn_data.verify.results import CUT_SHORT, FAILED, Result, checked

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


@dataclass
class _Held:
    """The derived files by what they are: faults, files of the state to come, those still to go, and those left open.

    Open are pages and the like that are not as listed while a publication is cut short: only deriving them again tells.
    """

    faults: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    staying: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def check_derived(
    subject: str, published: Path, known: Sequence[Release], count: int, derived: Mapping[str, str]
) -> Iterator[Result]:
    """Hold the derived files against the ``count`` releases that the index lists, and what it lists as ``derived``.

    A publication or a withdrawal that was cut short leaves some files of the state that it was bringing about. Each must
    be what that state gives, which follows from the releases and the feed alone; so nothing else can hide among them.
    """
    try:
        held, after = _Held(), _coming(published, known, count, derived)
    except CbrnDataError as error:
        yield Result(subject, "derived files", FAILED, shown(str(error), 300))
        return

    def run() -> list[str]:
        _hold(held, published, known[:count], after, derived)
        return held.faults

    yield from checked(subject, "derived files", run, f"{len(derived)} files are as {INDEX} lists them")
    if held.early:
        yield Result(subject, "derived files", CUT_SHORT, f"{_some(held.early)}: {_what_stopped(known, after)}")
    if held.staying:
        detail = f"{_some(held.staying)}: no longer derived, and to be removed by the next publication"
        yield Result(subject, "derived files", CUT_SHORT, detail)
    if held.open:
        detail = f"{_some(held.open)}: not as {INDEX} lists them, perhaps of the state to come; --rebuild tells"
        yield Result(subject, "derived files", CUT_SHORT, detail)


def _coming(published: Path, known: Sequence[Release], count: int, derived: Mapping[str, str]) -> Sequence[Release]:
    """Return the releases, with their withdrawals, of the state that was being brought about; none where there is none."""
    if count < len(known):
        return known
    feed = published / FEED
    if not stat.S_ISREG(disk.mode(feed)) or disk.digest(feed) == derived.get(FEED):
        return []
    return withdrawing(disk.read(feed), known)


def _hold(
    held: _Held, published: Path, listed: Sequence[Release], after: Sequence[Release], derived: Mapping[str, str]
) -> None:
    coming, leaving = _latest(after) if after else {}, _leaving(published, after or listed)
    there = {name: mode for name, mode in disk.walk(published) if not is_elsewhere(name)}
    made = {name for name, mode in there.items() if after and stat.S_ISREG(mode) and _MADE.fullmatch(name)}
    folders = {str(parent) for name in {*derived, *coming, *leaving, *made} for parent in Path(name).parents}
    for name, mode in there.items():
        if name in folders and stat.S_ISDIR(mode):
            continue
        actual = disk.digest(published / name) if stat.S_ISREG(mode) else ""
        if name in derived and actual == derived[name]:
            held.faults.extend(feed_faults(disk.read(published / name), listed) if name == FEED else ())
        elif actual and (actual == coming.get(name) or (name == FEED and _is_feed_of(published, after))):
            held.early.append(name)
        elif actual in leaving.get(name, ()):
            held.staying.append(name)
        elif name in made or (name in leaving and stat.S_ISREG(mode) and _MADE.fullmatch(name)):
            held.open.append(name)
        else:
            held.faults.append(f"{name} was {'changed' if name in derived or name in folders else 'added'}")
    held.faults.extend(f"{name} is missing" for name in sorted(derived.keys() - there.keys()))


def _is_feed_of(published: Path, after: Sequence[Release]) -> bool:
    return bool(after) and not list(feed_faults(disk.read(published / FEED), after))


def _leaving(published: Path, known: Sequence[Release]) -> dict[str, set[str]]:
    """Return the digests that a file which is to leave ``latest/`` can have: those of its name in the releases."""
    path = published / LEAVING
    names = parse_object(path, disk.read(path)).get("leaving", []) if disk.mode(path) else []
    found: dict[str, set[str]] = {}
    for name in names:
        inner = str(name).removeprefix(LATEST)
        files = [disk.inside(release.folder, inner) for release in known if str(name).startswith(LATEST)]
        found[str(name)] = {disk.digest(file, published) for file in files if stat.S_ISREG(disk.mode(file))}
    return found


def _what_stopped(known: Sequence[Release], after: Sequence[Release]) -> str:
    for old, new in zip(known, after, strict=True):
        if old.withdrawn != new.withdrawn:
            again = "withdraw it again, or the next publication takes that back"
            return f"the withdrawal of {new.version} was cut short; {again}"
    return f"of {known[-1].version} already"


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and others' if names[3:] else ''}"


def is_elsewhere(name: str) -> bool:
    """Tell what no derivation makes: the releases, the index, and what a publication hides."""
    return name.startswith((".", f"{history.RELEASES}/")) or name in (INDEX, history.RELEASES)


def _is_coming_feed(published: Path, name: str, known: Sequence[Release], count: int) -> bool:
    return name == FEED and count < len(known) and not list(feed_faults(disk.read(published / name), known))
