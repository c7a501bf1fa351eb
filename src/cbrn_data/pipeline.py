"""The whole way, as functions that the command line calls and that flows run as tasks: both give the same bytes.

``gather`` reads sources and definitions, ``settled`` sees whether the newest release was made of exactly these by this
code, ``build`` makes tables and checks them, ``plan`` compares with the newest release, ``publish`` stages, passes the
gate and commits. Each raises an error with all its blocking findings. What only ``build`` and ``publish`` need is
imported there, so that a run with nothing new does not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from cbrn_data.catalogue.derive import derivation
from cbrn_data.catalogue.feed import FEED, base_of
from cbrn_data.errors import GateError, ReleaseError, SourceError
from cbrn_data.findings import Finding, blocking
from cbrn_data.regions import KIND as LIST_OF_REGIONS
from cbrn_data.regions import region_findings
from cbrn_data.release.code import code_version
from cbrn_data.release.inputs import input_files
from cbrn_data.schema.model import Package, check_descriptions, read_package
from cbrn_data.settings import Settings, settings
from cbrn_data.sources.source import Source, digest, read_sources
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, SUMS, Release, check_unchanged, parse_checksums
from cbrn_data.store.store import Store
from cbrn_data.strict_json import dumped, parse_object

if TYPE_CHECKING:
    from cbrn_data.release.assemble import Draft
    from cbrn_data.release.content import Content
    from cbrn_data.signing.keys import SigningKey
    from cbrn_data.tables.build import Tables
    from cbrn_data.tables.kept import Kept
    from cbrn_data.tables.records import Write


@dataclass(frozen=True)
class Gathered:
    """Verified sources, and the definitions of the tables to be made of them.

    ``lists`` say which names are right; nothing is made of them.
    """

    sources: list[Source]
    package: Package
    lists: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    """What could be published: the content, and the findings that do not block."""

    tables: Tables
    content: Content
    findings: list[Finding]


@dataclass(frozen=True)
class Outcome:
    """What publishing did: ``release`` is the newest one now, ``is_new`` whether this run made it."""

    release: Release
    is_new: bool
    findings: list[Finding]
    repaired: Sequence[str]


def open_store(where: Settings, package: Package | None = None) -> Store:
    """Return the store of releases, which derives all that stands beside them for their readers."""
    base = base_url(where, package)
    made_by = digest(dumped({"code": code_version(), "base_url": base}))
    return Store(where.published, derivation(base, pages), made_by)


def base_url(where: Settings, package: Package | None = None) -> str:
    """Return the address at which ``published/`` will be served: the operator's, else the one of the definitions."""
    return where.base_url or str((package or read_package(where.schemas)).about.get("base_url") or "")


def moved_address(where: Settings, package: Package | None = None) -> tuple[str, str] | None:
    """Return the address for which the catalogue was derived and the one that it would get, None where both are one.

    The feed, which is derived first, names the address.
    """
    kept, new = _kept_address(where), base_url(where, package)
    return (kept, new) if kept and kept != new else None


def _kept_address(where: Settings) -> str:
    feed = where.published / FEED
    try:
        return base_of(disk.read(feed)) if disk.mode(feed) else ""
    except ParseError:
        return ""


def check_address(where: Settings, package: Package | None = None, move_address: bool = False) -> None:
    """Refuse to lead every link, citation and identifier to another address without being told so. Raises ReleaseError."""
    moved = moved_address(where, package)
    if moved and not move_address:
        said = "this run" if where.base_url else "CBRN_DATA_BASE_URL is not set, and schemas/package.yaml"
        raise ReleaseError(
            f"{where.published}: the catalogue and the pages are for {moved[0]}, and {said} says {moved[1]}; set "
            f"CBRN_DATA_BASE_URL={moved[0]} to keep the address, or confirm the move: publish with --move-address (in a "
            "flow: move_address)"
        )


def pages(releases: list[Release], base_url: str) -> dict[str, bytes]:
    """Return the pages for people, by path; what makes them is loaded where they are made."""
    from cbrn_data.portal import site

    return site(releases, base_url)


def own_key(where: Settings) -> SigningKey:
    """Return the key that signs here: the configured one, else the local one, which is made once."""
    from cbrn_data.signing.keys import signing_key

    return signing_key(where.state, where.signing_key)


def gather(where: Settings) -> Gathered:
    """Read every source and definition. Raises SourceError or SchemaError with every reason, or CbrnDataError.

    The last says that the root is not the folder of a project.
    """
    where.check_project("raw", "schemas")
    package = read_package(where.schemas)
    check_descriptions(package)
    sources, findings = read_sources(where.raw)
    if not blocking(findings):
        findings += region_findings(sources, where)
    if blocking(findings):
        raise SourceError("the sources cannot be used", findings)
    lists = [source for source in sources if source.kind == LIST_OF_REGIONS]
    return Gathered([source for source in sources if source not in lists], package, lists)


def settled(gathered: Gathered, store: Store) -> Outcome | None:
    """Return the newest release if it was made of these very sources and definitions by this code, else None.

    Its tables would be the same again, so nothing is built. Raises ReleaseError where the store is broken.
    """
    if not store.published.exists():
        return None
    with store.writing() as writer:
        newest = writer.newest
        if newest is None or newest.info.get("code") != code_version():
            return None
        listed = parse_checksums(newest.folder / SUMS, disk.read(newest.folder / SUMS))
        made_of = {name: sha256 for name, sha256 in listed.items() if name.startswith(("sources/", "schemas/"))}
        given = {name: disk.sha256_of(data) for name, data in input_files(gathered.sources, gathered.package).items()}
        return Outcome(newest, False, _reported(newest), writer.repaired) if made_of == given else None


def _reported(release: Release) -> list[Finding]:
    """Return the findings that a release was published with."""
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    names = [each.name for each in fields(Finding)]
    return [Finding(**{name: entry.get(name) for name in names}) for entry in report["findings"]["listed"]]


def kept_tables(where: Settings) -> Kept:
    """Return what keeps the finished tables of records of this project for the next run."""
    from cbrn_data.tables.kept import Kept

    project = disk.sha256_of(str(where.root.resolve()).encode())[:16]
    return Kept(where.cache / "tables" / project, code_version())


def build(gathered: Gathered, write: Write | None = None) -> Built:
    """Make the tables and check them; ``write`` makes those of records. Raises GateError with all findings if one blocks."""
    from cbrn_data.checks.run import check_tables
    from cbrn_data.release.content import build_content
    from cbrn_data.tables.build import build_tables
    from cbrn_data.tables.records import write_records

    tables = build_tables(gathered.sources, gathered.package, write or write_records)
    findings = list(tables.findings)
    if not blocking(findings):
        documents = {
            source.source_id: source.document for source in gathered.sources if source.kind not in ("document", "records")
        }
        findings = sorted({*findings, *check_tables(tables.rows, gathered.package, documents)})
    if blocking(findings):
        raise GateError("nothing was published", findings)
    return Built(tables, build_content(tables, gathered.package), findings)


def plan(built: Built, store: Store, at_least: str = "patch", date: str | None = None) -> Draft:
    """Return what publishing would do on ``date``; writes nothing.

    Raises GateError where what it finds would forbid the release, ReleaseError where the store is broken.
    """
    from cbrn_data.release.assemble import draft

    newest = store.newest()
    if newest:
        check_unchanged(newest.folder)
    return _permitted(draft(built.content, newest, at_least, date), built)


def _permitted(planned: Draft, built: Built) -> Draft:
    if blocking(planned.findings):
        raise GateError("nothing was published", sorted({*built.findings, *planned.findings}))
    return planned


def publish(built: Built, store: Store, date: str, at_least: str = "patch", key: SigningKey | None = None) -> Outcome:
    """Publish what was built, dated ``date`` (YYYY-MM-DD), unless the newest release has this content already.

    ``key`` signs; without one the configured or local key does.

    Raises GateError when the staged release does not pass, ReleaseError when the store refuses; nothing is published
    then.
    """
    from cbrn_data.release.assemble import draft, release_files
    from cbrn_data.release.gate import judge
    from cbrn_data.release.sign import signature_files

    with store.writing() as writer:
        planned = _permitted(draft(built.content, writer.newest, at_least, date), built)
        if not planned.is_news:
            assert planned.previous is not None
            return Outcome(planned.previous, False, built.findings, writer.repaired)
        staged = writer.stage(release_files(planned, date))
        judged = judge(staged, [*built.findings, *planned.findings])
        writer.add(staged, {REPORT: dumped(judged.report)})
        for files in signature_files(staged, key or own_key(settings())):
            writer.add(staged, files)
        release = writer.commit(staged, planned.version)
        return Outcome(release, True, judged.findings, writer.repaired)
