"""``cbrn-data verify``: a table of what was checked, and an exit code that a script can trust."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.cli.show import show_json, show_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings, release_date, settings
from cbrn_data.signing.keys import read_public_keys
from cbrn_data.store.folder import SUMS
from cbrn_data.store.history import RELEASES, read_history
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import Result, exit_code
from cbrn_data.verify.store import fresh, held_against, remember, verify_store


def verify_now(
    what: str | None, root: Path, published: Path | None, memory: Path | None, max_age: int | None, as_json: bool
) -> None:
    """Verify a release or a store, print the results, and exit 0, 1 or 3."""
    where = settings(root, published)
    folder = _folder(what, where.published)
    trusted = _trusted(where)
    if (folder / SUMS).is_file():
        results = list(ReleaseAudit(folder, trusted).run())
    else:
        results = list(verify_store(folder, trusted))
        results += _memories(folder, memory, max_age, results)
    code = exit_code(results)
    if as_json:
        show_json({"exit": code, "results": [asdict(result) for result in results]})
    else:
        show_table(("of", "check", "result", "detail"), [(r.subject, r.check, r.result, r.detail) for r in results])
    if code:
        raise SystemExit(code)


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
