"""The pipeline, as functions that the command line calls and that flows run as tasks; both give the same bytes.

``gather`` reads sources and definitions, ``up_to_date`` checks whether this code made the newest release from exactly these,
``build`` builds and checks tables, ``plan`` compares with the newest release, ``publish`` stages, passes the gate and
commits; ``gather`` and ``build`` are in ``release.build``. Each raises one exception with all its findings if one is an
error. Modules that only ``publish`` needs are imported there, so a run without changes does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from cbrn_data import spread
from cbrn_data.catalogue.derive import derivation
from cbrn_data.catalogue.feed import FEED, base_of
from cbrn_data.errors import GateError, ReleaseError
from cbrn_data.findings import Finding, errors_of
from cbrn_data.kept import keeping
from cbrn_data.release.build import Built as Built
from cbrn_data.release.build import Gathered as Gathered
from cbrn_data.release.build import build as build
from cbrn_data.release.build import gather as gather
from cbrn_data.release.code import code_version, exports_version, is_of_this_code, pages_version, recorded_code
from cbrn_data.release.guard import read_guard
from cbrn_data.release.inputs import input_files
from cbrn_data.schema.model import Package, read_package
from cbrn_data.settings import FILE, Settings, release_date
from cbrn_data.sources.source import digest
from cbrn_data.store import disk
from cbrn_data.store.code import code_folders, sums_name
from cbrn_data.store.derived import Vouch
from cbrn_data.store.folder import REPORT, SUMS, Release, check_unchanged, checksums, parse_checksums
from cbrn_data.store.history import METADATA
from cbrn_data.store.remembered import FILE as DIGESTS
from cbrn_data.store.remembered import remembering
from cbrn_data.store.store import Store
from cbrn_data.strict_json import dumped, parse_object

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cbrn_data.release.assemble import Draft
    from cbrn_data.release.guard import Guard
    from cbrn_data.signing.keys import SigningKey
    from cbrn_data.tables.bulk import Write
    from cbrn_data.tables.cache import TableCache


@dataclass(frozen=True)
class Outcome:
    """The result of publishing.

    ``release`` is the newest release, ``is_new`` whether this run made it, ``before`` the release before a new one.
    ``is_kept``: the store has the code that made it.
    """

    release: Release
    is_new: bool
    findings: list[Finding]
    repaired: Sequence[str]
    before: Release | None = None
    is_kept: bool = True


def open_store(
    settings: Settings,
    package: Package | None = None,
    roots: Sequence[bytes] = (),
    code: Callable[[], Mapping[str, str]] | None = None,
    earlier: Sequence[Ed25519PrivateKey] = (),
) -> Store:
    """Return the store of releases, which also derives the files for readers and signs its metadata.

    ``roots`` are new roots of the metadata that continue those of the store; ``code`` and ``earlier`` are as for ``vouch``.
    """
    base = base_url(settings, package)
    with keeping(settings.cache / "code", None):
        code_version(), pages_version(), exports_version()  # each is found once in a process

    def site(releases: list[Release], base_url: str) -> Mapping[str, disk.Data]:
        with keeping(settings.cache / "derived", pages_version()):
            return pages(releases, base_url)

    address = digest(base.encode()), release_date()
    return Store(
        settings.published, derivation(base, site), derived_by(base), vouch(settings, roots, code, earlier), address
    )


def derived_by(base: str) -> str:
    """Return the digest of what derived files depend on, besides the releases: their code and the base address."""
    return digest(dumped({"code": pages_version(), "base_url": base}))


def vouch(
    settings: Settings,
    roots: Sequence[bytes] = (),
    code: Callable[[], Mapping[str, str]] | None = None,
    earlier: Sequence[Ed25519PrivateKey] = (),
) -> Vouch:
    """Return the function that signs the metadata of a store with its new ``roots``.

    ``code`` is what may be added, as in ``trust.sign``; the default is the running code. ``earlier`` keys, and the local
    ones, also sign the first state of a new root.
    """

    def signed(published: Path, targets: Mapping[str, tuple[str, int]]) -> Mapping[str, bytes]:
        from cbrn_data.trust.sign import Sign

        given = tuple(roots) or rotated_root(settings, published)
        before = partial(_keys_before, settings, earlier)
        return Sign(partial(own_key, settings), release_date(), given, code or own_code, before)(published, targets)

    return signed


def _keys_before(settings: Settings, given: Sequence[Ed25519PrivateKey]) -> list[Ed25519PrivateKey]:
    from cbrn_data.signing.keys import LOCAL_KEY, earlier_keys, read_private_key

    local = settings.state / LOCAL_KEY
    own = [read_private_key(local, str(local))] if settings.signing_key and local.exists() else []
    return [*given, *own, *earlier_keys(settings.state)]


def rotated_root(settings: Settings, published: Path) -> tuple[bytes, ...]:
    """Return the root that an interrupted rotation of the local key has not put in force yet; empty if there is none."""
    from cbrn_data.signing.keys import earlier_keys

    if settings.signing_key or not disk.mode(published / METADATA) or not (earlier := earlier_keys(settings.state)):
        return ()
    from cbrn_data.trust.rotate import follow_up

    root = follow_up(published, release_date(), own_key(settings).private, earlier)
    return (root,) if root else ()


def own_code() -> Mapping[str, str]:
    """Return the sha256 of the running code's SHA256SUMS in a store, by name; empty if this code cannot be kept."""
    from cbrn_data.release.kept import code_files

    files = code_files()
    sums = checksums({name: disk.sha256_of(data) for name, data in files.items()})
    return {sums_name(code_version()["digest"]): disk.sha256_of(sums)} if files else {}


def base_url(settings: Settings, package: Package | None = None) -> str:
    """Return the address at which ``published/`` will be served: from the settings, else from the definitions."""
    return settings.base_url or str((package or read_package(settings.schemas)).metadata.get("base_url") or "")


def moved_address(settings: Settings, package: Package | None = None) -> tuple[str, str] | None:
    """Return the present address of the catalogue and the new one, None if they are equal.

    The feed, which is derived first, contains the address.
    """
    kept, new = _kept_address(settings), base_url(settings, package)
    return (kept, new) if kept and kept != new else None


def _kept_address(settings: Settings) -> str:
    feed = settings.published / FEED
    try:
        return base_of(disk.read(feed)) if disk.mode(feed) else ""
    except ParseError:
        return ""


def check_address(settings: Settings, package: Package | None = None, move_address: bool = False) -> None:
    """Refuse a new address of all links, citations and identifiers unless it is confirmed. Raises ReleaseError."""
    moved = moved_address(settings, package)
    if moved and not move_address:
        said = settings.origin("base_url") if settings.base_url else "schemas/package.yaml"
        raise ReleaseError(
            f"{settings.published}: the catalogue and the pages have the address {moved[0]}, but the configured one is "
            f'{moved[1]} ({said}); set base_url = "{moved[0]}" in {settings.root / FILE} to keep the address, or confirm '
            "the new one: publish with --move-address (in a flow: move_address)"
        )


def pages(releases: list[Release], base_url: str) -> dict[str, disk.Data]:
    """Return the pages of the portal and the exports, by path; the portal is imported only when they are made."""
    from cbrn_data.exports import exports
    from cbrn_data.portal import site

    made = exports(releases)
    return {**made, **site(releases, base_url, made)}


def own_key(settings: Settings) -> SigningKey:
    """Return the signing key: the configured one, else the local one, which is made once."""
    from cbrn_data.signing.keys import signing_key

    return signing_key(settings.state, settings.signing_key, f"the signing key ({settings.origin('keys.signing')})")


def present_key(settings: Settings) -> SigningKey | None:
    """Return the signing key, None if there is none yet; none is made."""
    from cbrn_data.signing.keys import LOCAL_KEY

    return own_key(settings) if settings.signing_key or (settings.state / LOCAL_KEY).exists() else None


def up_to_date(gathered: Gathered, store: Store) -> Outcome | None:
    """Return the newest release if this code made it from the same sources and definitions, else None.

    Its tables would be the same, so nothing is built, and the store is repaired; otherwise ``publish`` repairs it. Raises
    ReleaseError if the store is damaged.
    """
    if not store.published.exists():
        return None
    given = {name: disk.sha256_of(data) for name, data in input_files(gathered.sources, gathered.package).items()}
    if not _is_made_of(store.newest(), given):
        return None
    with remembered(gathered.settings), store.writing() as writer:
        newest = writer.newest
        return Outcome(newest, False, reported(newest), writer.repaired) if newest and _is_made_of(newest, given) else None


def _is_made_of(release: Release | None, given: Mapping[str, str]) -> bool:
    """Return whether this code made a release of inputs with these digests, by name."""
    if release is None or not is_of_this_code(release.info):
        return False
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    made_of = {name: sha256 for name, sha256 in listed.items() if name.startswith(("sources/", "schemas/"))}
    return made_of == given


def remembered(settings: Settings) -> AbstractContextManager[None]:
    """Remember digests of large files that do not change, from run to run."""
    return remembering(settings.cache / DIGESTS)


def reported(release: Release) -> list[Finding]:
    """Return the published findings of a release."""
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    names = [each.name for each in fields(Finding)]
    return [Finding(**{name: entry.get(name) for name in names}) for entry in report["findings"]["listed"]]


def table_cache(settings: Settings) -> TableCache:
    """Return the cache that keeps finished bulk tables of this project for the next run."""
    from cbrn_data.tables.cache import TableCache

    return TableCache(settings.cache / "tables" / _project(settings), code_version())


def audit_memory(settings: Settings) -> Path:
    """Return the file with the trusted state of this project's scheduled audit, in a folder that exists."""
    folder = settings.state / "audit"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{_project(settings)}.json"


def plan_page_file(settings: Settings, version: str | None = None) -> Path:
    """Return the place of the page of this project's newest dry run, or of a release, in a folder that exists."""
    folder = settings.cache / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{_project(settings)}{f'-{version}' if version else ''}.html"


def _project(settings: Settings) -> str:
    return disk.sha256_of(str(settings.root.resolve()).encode())[:16]


@contextmanager
def bulk_writer(scheduler: str | None) -> Iterator[Write]:
    """Yield the function that builds bulk tables: in this process, or by the workers of a scheduler, tcp://host:8786.

    During the body the workers share other work on large files too, such as the gate.
    """
    if scheduler is None:
        from cbrn_data.tables.bulk import write_bulk

        yield write_bulk
        return
    from cbrn_data.tables.cluster import Cluster

    cluster = Cluster(scheduler, code_version)
    try:
        with spread.over(cluster):
            yield cluster.write
    finally:
        cluster.close()


def plan(
    built: Built,
    store: Store,
    at_least: str = "patch",
    date: str | None = None,
    guard: Guard | None = None,
) -> Draft:
    """Return the release that publishing on ``date`` would make; write nothing.

    ``guard`` has the bounds and what is allowed; the default is that of the settings. Findings of a plan may be errors,
    which ``permitted`` refuses. Raises ReleaseError if the store is damaged.
    """
    from cbrn_data.release.assemble import draft

    newest = store.newest()
    if newest:
        with remembered(built.settings):
            check_unchanged(newest)
    return draft(built.content, newest, at_least, date, guard or _guard(built))


def _guard(built: Built) -> Guard:
    return read_guard(built.settings, built.content.package.tables)


def plan_findings(planned: Draft, built: Built) -> list[Finding]:
    """Return every finding of a plan, those of its sources and tables too."""
    return sorted({*built.findings, *planned.findings})


def permitted(planned: Draft, built: Built) -> Draft:
    """Return a plan that may be published. Raises GateError, with all findings, if one is an error."""
    if errors_of(planned.findings):
        raise GateError("nothing was published", plan_findings(planned, built))
    return planned


def publish(
    built: Built,
    store: Store,
    date: str,
    at_least: str = "patch",
    key: SigningKey | None = None,
    guard: Guard | None = None,
) -> Outcome:
    """Publish the built tables with ``date`` (YYYY-MM-DD), unless the newest release already has this content.

    ``key`` signs; the default is the configured or local key. ``guard`` is as for ``plan``.

    Raises GateError if the plan is not permitted or waits for approval, or if the staged release fails the gate, and
    ReleaseError if the store refuses it; then nothing is published.
    """
    from cbrn_data.release.approval import find_approval
    from cbrn_data.release.assemble import draft, release_files
    from cbrn_data.release.gate import judge
    from cbrn_data.release.kept import code_files
    from cbrn_data.release.sign import signature_files

    with remembered(built.settings), store.writing() as writer:
        planned = permitted(draft(built.content, writer.newest, at_least, date, guard or _guard(built)), built)
        if not planned.is_news:
            assert planned.previous is not None
            return Outcome(planned.previous, False, built.findings, writer.repaired)
        key = key or own_key(built.settings)
        if built.settings.approval:
            planned = replace(planned, approval=find_approval(built.settings, planned.digest, key.private.public_key()))
        staged = writer.stage(release_files(planned, date, recorded_code()))
        longest, before = max(built.content.counts.values(), default=0), writer.newest
        judged = judge(staged, [*built.findings, *planned.findings], built.content.built.reasons, before, longest)
        writer.add(staged, {REPORT: dumped(judged.report)})
        for files in signature_files(staged, key):
            writer.add(staged, files)
        release = writer.commit(staged, planned.version, code_files())
        is_kept = bool(code_folders(store.published, [release]))
        return Outcome(release, True, judged.findings, writer.repaired, planned.previous, is_kept)
