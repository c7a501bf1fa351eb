"""``cbrn-data verify``: a table of what was checked, and an exit code that a script can trust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.text import Text

from cbrn_data.cli.pages import check_place, write_page
from cbrn_data.cli.show import console, show_json, show_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.fetch import is_address
from cbrn_data.findings import shown
from cbrn_data.settings import now, settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release
from cbrn_data.store.history import RELEASES, read_history
from cbrn_data.store.index import read_index, with_withdrawals
from cbrn_data.verify.memory import held_against, remember
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.remote import Mirror, mirror
from cbrn_data.verify.report import page, verdict
from cbrn_data.verify.results import FAILED, PASSED, Result, exit_code, notices
from cbrn_data.verify.signature import signer
from cbrn_data.verify.store import fresh, verify_store


@dataclass(frozen=True)
class Place:
    """What is verified: ``name`` as people know it, ``folder`` where its files are, ``mirror`` if it has an address.

    ``is_whole`` says that a store was asked for.
    """

    name: str
    folder: Path
    mirror: Mirror | None = None
    is_whole: bool = False

    @property
    def is_release(self) -> bool:
        """Whether this is one release; what was asked for as a whole never is, whatever somebody put there."""
        return not self.is_whole and (self.folder / SUMS).is_file()


def verify_now(
    what: str | None,
    root: Path,
    published: Path | None,
    memory: Path | None,
    max_age: int | None,
    as_json: bool,
    report: Path | None = None,
    rebuild: bool = False,
    max_size: float | None = None,
    max_time: float | None = None,
    accepted: Sequence[str] = (),
) -> None:
    """Verify a release or a store, print the results, and exit 0, 1 or 3; ``max_size`` is in GB, ``max_time`` in minutes."""
    where = settings(root, published)
    trusted = trusted_keys(where.trusted_keys)
    _check_accepted(accepted, memory)
    with _at_hand(what, where.published, max_size, max_time, trusted) as place:
        _check_use(place, memory, max_age, report)
        results = _results(place, trusted, memory, accepted, max_age, rebuild)
        code = exit_code(results, rebuild)
        content = page(place.name, place.folder, results, code, trusted, now()) if report else b""
    if as_json:
        show_json({"exit": code, "notices": notices(results), "results": [asdict(result) for result in results]})
    else:
        show_table(("of", "check", "result", "detail"), [(r.subject, r.check, r.result, r.detail) for r in results])
        _show_verdict(code, results, pinned=bool(trusted))
    if report:
        write_page(report, content)
    if code:
        raise SystemExit(code)


def _show_verdict(code: int, results: Sequence[Result], pinned: bool) -> None:
    """Say below the table, where the eye ends, what it comes to, and what a person has to judge."""
    out = console()
    out.print()
    out.print(Text(verdict(code, results)[1], style={0: "bold green", 1: "bold red"}.get(code, "bold yellow")))
    if code == 1 and any(result.result == FAILED for result in results):
        failed = dict.fromkeys(f"{result.subject} ({result.check})" for result in results if result.result == FAILED)
        out.print(Text(f"Failed: {shown(', '.join(failed), 600)}."))
    for notice in notices(results):
        out.print(Text(f"Take care! {notice}.", style="bold red"))
    if not pinned:
        out.print(Text("No key is pinned: compare the fingerprint with one you were given, or set CBRN_DATA_TRUSTED_KEYS."))


def _check_use(place: Place, memory: Path | None, max_age: int | None, report: Path | None) -> None:
    """Refuse options that could not do what they promise. Raises CbrnDataError."""
    if place.is_release and (memory is not None or max_age is not None):
        raise CbrnDataError(f"{place.name} is one release: --remember and --max-age are about a store; name its folder")
    if max_age is not None and max_age < 0:
        raise CbrnDataError("--max-age is a number of days, 0 or more")
    for path in filter(None, (memory, report)):
        check_place(path, place.folder)
    if memory and report and memory.resolve() == report.resolve():
        raise CbrnDataError(f"{report}: cannot be both what is remembered and the report")


def _check_accepted(accepted: Sequence[str], memory: Path | None) -> None:
    if accepted and memory is None:
        raise CbrnDataError("--accept-key confirms a key for what --remember keeps; name that file too")
    for key in accepted:
        if re.fullmatch("[0-9a-f]{64}", key) is None:
            raise CbrnDataError(f"--accept-key is a fingerprint of 64 hexadecimal digits, not {shown(key, 80)!r}")


@contextmanager
def _at_hand(
    what: str | None,
    published: Path,
    max_size: float | None,
    max_time: float | None,
    trusted: Sequence[Ed25519PublicKey],
) -> Iterator[Place]:
    """Find what is to be verified; what has an address is mirrored as long as it is needed."""
    for option, most, unit in (("--max-size", max_size, "GB"), ("--max-time", max_time, "minutes")):
        if most is not None and not 0 < most < 1e6:
            raise CbrnDataError(f"{option} is a number of {unit}, above 0")
        if most is not None and (what is None or not is_address(what)):
            raise CbrnDataError(f"{option} is about what is fetched from an address; a folder has no limit")
    if what is None or not is_address(what):
        folder = _folder(what, published)
        yield Place(str(folder), folder, is_whole=what is None)
        return
    with TemporaryDirectory(prefix="cbrn-data-") as temporary:
        size, seconds = int(max_size * 1e9) if max_size else None, max_time * 60 if max_time else None
        mirrored = mirror(what, Path(temporary), size, seconds, trusted)
        yield Place(mirrored.address, mirrored.folder, mirrored)


def _results(
    place: Place,
    trusted: Sequence[Ed25519PublicKey],
    memory: Path | None,
    accepted: Sequence[str],
    max_age: int | None,
    rebuild: bool,
) -> list[Result]:
    fetched = place.mirror.results if place.mirror else []
    if not disk.entries(place.folder) and fetched:
        return fetched
    if place.is_release:
        results = [*fetched, *ReleaseAudit(place.folder, trusted).run()]
    else:
        results = [*fetched, *verify_store(place.folder, trusted)]
        if not any(result.check == "chain" and result.result != PASSED for result in results):
            releases = _withdrawn(place.folder)
            results += fresh(releases[-1], max_age, now()[:10]) if max_age is not None else []
            results += _remembered(memory, releases, trusted, accepted, results) if memory else []
    if rebuild:
        from cbrn_data.verify.again import made_again  # loads the producer

        results += made_again(place.folder, place.is_release, results)
    return list(place.mirror.restated(results)) if place.mirror else results


def _folder(what: str | None, published: Path) -> Path:
    if what is None:
        found = published
    elif what not in ("", ".", "..") and "/" not in what and (published / RELEASES / what).is_dir():
        found = published / RELEASES / what
    else:
        found = Path(what)
    if what == "" or not found.is_dir():
        raise CbrnDataError(f"{found}: there is no release and no store here")
    return found


def _withdrawn(folder: Path) -> list[Release]:
    """Return the releases, with their withdrawals as far as the index can be read."""
    releases = read_history(folder)
    try:
        return with_withdrawals(releases, read_index(folder, releases))
    except CbrnDataError:
        return releases


def _remembered(
    memory: Path,
    releases: Sequence[Release],
    trusted: Sequence[Ed25519PublicKey],
    accepted: Sequence[str],
    results: Sequence[Result],
) -> list[Result]:
    """Hold the store against what is remembered; remember what was seen only if all holds."""

    def key(folder: Path) -> str | None:
        return signer(folder, trusted)

    found = list(held_against(memory, releases, key, None if trusted else accepted))
    if exit_code([*results, *found]) == 0:
        remember(memory, releases, key)
    return found
