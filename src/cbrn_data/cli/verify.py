"""``cbrn-data verify``: print a table of the checks, and exit with a code for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
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
from cbrn_data.kept import keeping
from cbrn_data.release.code import code_version
from cbrn_data.settings import now, read_settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, latest_of, read_release
from cbrn_data.store.history import LATEST, METADATA, RELEASES
from cbrn_data.tabular.compile import without_pandera
from cbrn_data.verify.audit import Asked, asked, audit_store, releases_of, remember
from cbrn_data.verify.derived import not_derived
from cbrn_data.verify.memory import recalled
from cbrn_data.verify.remote import Mirror, mirror
from cbrn_data.verify.report import page, verdict
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, Result, exit_code, notices
from cbrn_data.verify.signature import SIGNATURE
from cbrn_data.verify.store import audit_of
from cbrn_data.verify.vouched import around


@dataclass(frozen=True)
class Place:
    """The store or release to verify: ``name`` as given, ``folder`` with its files, ``mirror`` if it has an address.

    ``is_whole``: a store was requested.
    """

    name: str
    folder: Path
    mirror: Mirror | None = None
    is_whole: bool = False

    @property
    def is_release(self) -> bool:
        """Whether this is one release; a requested store is never one, even if it contains a file of digests."""
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
    run_recorded_code: bool = False,
) -> None:
    """Verify a release or a store, print the results, and exit 0, 1 or 3; ``max_size`` is in GB, ``max_time`` in minutes."""
    settings = read_settings(root, published)
    trusted = trusted_keys(settings.trusted_keys)
    time = now()
    if run_recorded_code and not (rebuild and trusted):
        raise CbrnDataError(
            "--run-recorded-code needs --rebuild, and the keys that you trust in CBRN_DATA_TRUSTED_KEYS or keys.trusted"
        )
    with _at_hand(what, settings.published, max_size, max_time, trusted) as place:
        _check_use(place, memory, max_age, report)
        with keeping(settings.cache / "code", None):
            code_version()  # computed once per process
        results = _results(place, trusted, memory, max_age, rebuild, time[:10], run_recorded_code)
        code = exit_code(results, rebuild)
        options: dict[str, object] = {"keys.trusted": settings.trusted_keys, "--remember": memory, "--max-age": max_age}
        options |= {"--rebuild": rebuild, "--run-recorded-code": run_recorded_code}
        options |= {"--max-size": max_size, "--max-time": max_time}
        given = asked(time, options, place.is_release)
        content = page(place.name, place.folder, results, code, trusted, given) if report else b""
        head = _head(place, results)
    if as_json:
        shown_head = {name: getattr(head, name) for name in ("version", "date", "digest")} if head else None
        about = {"verified_on": time, "newest": shown_head, "options": given.used, "not_requested": given.unused}
        show_json({"exit": code, **about, "notices": notices(results), "results": [asdict(result) for result in results]})
    else:
        show_table(("of", "check", "result", "detail"), [(r.subject, r.check, r.result, r.detail) for r in results])
        console().print()
        _show_asked(given, "release" if place.is_release else "newest release", head, results)
        _show_verdict(code, results, pinned=bool(trusted))
    if report:
        write_page(report, content)
    if code:
        raise SystemExit(code)


def _head(place: Place, results: Sequence[Result]) -> Release | None:
    """Return the newest release, None if the checks of its files, its signature or the chain did not pass."""
    for check in ("files" if place.is_release else "chain", SIGNATURE):
        if {result.result for result in results if result.check == check} != {PASSED}:
            return None
    return read_release(place.folder) if place.is_release else releases_of(place.folder)[-1]


def _show_asked(given: Asked, name: str, head: Release | None, results: Sequence[Result]) -> None:
    """Print what was verified, when, how, and which checks were not possible."""
    newest = f"; {name} {head.version} is of {head.date}" if head else ""
    used = "; ".join(f"{name} {value}" for name, value in given.used.items())
    unused = "; ".join(f"{name} ({lacks})" for name, lacks in given.unused.items())
    for line in (
        f"Verified on {given.time} UTC{newest}.",
        f"Options: {used or 'none'}.",
        f"Not requested: {unused or 'nothing'}.",
        *([f"Not checked: {', '.join(undone)}."] if (undone := _named(results, NOT_CHECKED)) else ()),
    ):
        console().print(Text(shown(line, 600)))


def _named(results: Sequence[Result], word: str) -> list[str]:
    """Return the subjects and checks with this result, each once."""
    return list(dict.fromkeys(f"{result.subject} ({result.check})" for result in results if result.result == word))


def _show_verdict(code: int, results: Sequence[Result], pinned: bool) -> None:
    """Print the verdict below the table, and the notices that a person must judge."""
    out = console()
    out.print()
    out.print(Text(verdict(code, results)[1], style={0: "bold green", 1: "bold red"}.get(code, "bold yellow")))
    if code == 1 and any(result.result == FAILED for result in results):
        out.print(Text(f"Failed: {shown(', '.join(_named(results, FAILED)), 600)}."))
    for notice in notices(results):
        out.print(Text(f"Take care! {notice}.", style="bold red"))
    if not pinned:
        out.print(Text("No key is pinned: compare the fingerprint with the publisher's, or set CBRN_DATA_TRUSTED_KEYS."))


def _check_use(place: Place, memory: Path | None, max_age: int | None, report: Path | None) -> None:
    """Refuse options that would have no effect. Raises CbrnDataError."""
    if place.is_release and (memory is not None or max_age is not None):
        raise CbrnDataError(f"{place.name} is one release: --remember and --max-age need a store; name its folder")
    if max_age is not None and max_age < 0:
        raise CbrnDataError("--max-age must be a number of days, 0 or more")
    for path in filter(None, (memory, report)):
        check_place(path, place.folder)
    if memory and report and memory.resolve() == report.resolve():
        raise CbrnDataError(f"{report}: --remember and --report must name different files")


@contextmanager
def _at_hand(
    what: str | None,
    published: Path,
    max_size: float | None,
    max_time: float | None,
    trusted: Sequence[Ed25519PublicKey],
) -> Iterator[Place]:
    """Find the store or release to verify; one behind an address is mirrored while it is needed."""
    for option, most, unit in (("--max-size", max_size, "GB"), ("--max-time", max_time, "minutes")):
        if most is not None and not 0 < most < 1e6:
            raise CbrnDataError(f"{option} must be a number of {unit} above 0")
        if most is not None and (what is None or not is_address(what)):
            raise CbrnDataError(f"{option} needs an address; a folder has no limit")
    if what is None or not is_address(what):
        folder = _folder(what, published)
        yield Place(str(folder), folder, is_whole=what is None)
        return
    with TemporaryDirectory(prefix="cbrn-data-") as temporary:
        size, seconds = None if max_size is None else int(max_size * 1e9), None if max_time is None else max_time * 60
        mirrored = mirror(what, Path(temporary), size, seconds, trusted)
        yield Place(mirrored.address, mirrored.folder, mirrored)


def _results(
    place: Place,
    trusted: Sequence[Ed25519PublicKey],
    memory: Path | None,
    max_age: int | None,
    rebuild: bool,
    today: str,
    run_recorded_code: bool,
) -> list[Result]:
    fetched = place.mirror.results if place.mirror else []
    if place.mirror and (any(result.check == METADATA for result in fetched) or not disk.entries(place.folder)):
        return list(place.mirror.restated(fetched))
    with recalled(memory) if memory else nullcontext() as kept:
        with without_pandera():
            if place.is_release:
                found = list(audit_of(place.folder, trusted, around(place.folder, trusted)).run())
            else:
                found = audit_store(place.folder, trusted, today, kept, max_age, served=place.mirror is not None)
        results = [*fetched, *found]
        if rebuild:
            from cbrn_data.verify.rebuild import rebuild_all  # loads the producer

            results += rebuild_all(place.folder, place.is_release, results, bool(trusted), run_recorded_code)
        else:
            results += not_derived(results, bool(trusted))
        remember(kept, place.folder, results, rebuild)
    return list(place.mirror.restated(results)) if place.mirror else results


def _folder(what: str | None, published: Path) -> Path:
    if what is None:
        found = published
    elif what == LATEST and (published / RELEASES).is_dir() and (releases := releases_of(published)):
        found = latest_of(releases).folder
    elif what not in ("", ".", "..") and "/" not in what and (published / RELEASES / what).is_dir():
        found = published / RELEASES / what
    else:
        found = Path(what)
    if what == "" or not found.is_dir():
        raise CbrnDataError(f"{found}: is neither a release nor a store; name a version, a folder, or an address")
    return found
