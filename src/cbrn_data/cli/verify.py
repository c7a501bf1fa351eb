"""``cbrn-data verify``: a table of what was checked, and an exit code that a script can trust."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.cli.show import show_json, show_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings, release_date, settings
from cbrn_data.signing.keys import read_public_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS
from cbrn_data.store.history import RELEASES, read_history
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.remote import Mirror, is_address, mirror
from cbrn_data.verify.report import check_place, page, write_page
from cbrn_data.verify.results import Result, exit_code
from cbrn_data.verify.store import STORE, fresh, held_against, remember, verify_store


@dataclass(frozen=True)
class Place:
    """What is verified: ``name`` as people know it, ``folder`` where its files are, ``mirror`` if it has an address."""

    name: str
    folder: Path
    mirror: Mirror | None = None


def verify_now(
    what: str | None,
    root: Path,
    published: Path | None,
    memory: Path | None,
    max_age: int | None,
    as_json: bool,
    report: Path | None = None,
    rebuild: bool = False,
) -> None:
    """Verify a release or a store, print the results, and exit 0, 1 or 3."""
    where = settings(root, published)
    trusted = _trusted(where)
    with _at_hand(what, where.published) as place:
        if report:
            check_place(report, place.folder)
        results = _results(place, trusted, memory, max_age, rebuild)
        code = exit_code(results)
        content = page(place.name, place.folder, results, code, trusted, release_date()) if report else b""
    if as_json:
        show_json({"exit": code, "results": [asdict(result) for result in results]})
    else:
        show_table(("of", "check", "result", "detail"), [(r.subject, r.check, r.result, r.detail) for r in results])
    if report:
        write_page(report, content)
    if code:
        raise SystemExit(code)


@contextmanager
def _at_hand(what: str | None, published: Path) -> Iterator[Place]:
    """Find what is to be verified; what has an address is mirrored as long as it is needed."""
    if what is None or not is_address(what):
        folder = _folder(what, published)
        yield Place(str(folder), folder)
        return
    with TemporaryDirectory(prefix="cbrn-data-") as temporary:
        mirrored = mirror(what, Path(temporary))
        yield Place(mirrored.address, mirrored.folder, mirrored)


def _results(
    place: Place, trusted: Sequence[Ed25519PublicKey], memory: Path | None, max_age: int | None, rebuild: bool
) -> list[Result]:
    fetched = place.mirror.results if place.mirror else []
    if not disk.entries(place.folder) and fetched:
        return fetched
    if (place.folder / SUMS).is_file():
        results = [*fetched, *ReleaseAudit(place.folder, trusted).run()]
    else:
        results = [*fetched, *verify_store(place.folder, trusted)]
        results += _memories(place.folder, memory, max_age, results)
    results += _rebuilt(place.folder) if rebuild else []
    return list(place.mirror.restated(results)) if place.mirror else results


def _rebuilt(folder: Path) -> Iterator[Result]:
    """Make each release again; only this loads the producer."""
    from cbrn_data.verify.rebuild import rebuilt
    from cbrn_data.verify.rederive import rederived

    folders = [folder] if (folder / SUMS).is_file() else [release.folder for release in read_history(folder)]
    for previous, release in zip([None, *folders], folders, strict=False):
        yield from rebuilt(release, previous)
    if not (folder / SUMS).is_file():
        yield from rederived(STORE, folder)


def _folder(what: str | None, published: Path) -> Path:
    if what is None:
        found = published
    elif (published / RELEASES / what).is_dir() and "/" not in what:
        found = published / RELEASES / what
    else:
        found = Path(what)
    if not found.is_dir():
        raise CbrnDataError(f"{found}: there is no release and no store here")
    return found


def _trusted(where: Settings) -> list[Ed25519PublicKey]:
    if where.trusted_keys is None:
        return []
    try:
        return read_public_keys(where.trusted_keys.read_bytes(), str(where.trusted_keys))
    except OSError as error:
        raise CbrnDataError(f"{where.trusted_keys}: the trusted keys cannot be read ({error.strerror})") from error


def _memories(folder: Path, memory: Path | None, max_age: int | None, results: list[Result]) -> list[Result]:
    """Hold the store against what is remembered and how old it may be; remember its head only if all holds."""
    if any(result.check == "chain" and result.result != "passed" for result in results):
        return []
    releases = read_history(folder)
    found = list(fresh(releases[-1], max_age, release_date())) if max_age is not None else []
    if memory is not None:
        found += held_against(memory, releases)
        if exit_code([*results, *found]) == 0:
            remember(memory, releases[-1])
    return found
