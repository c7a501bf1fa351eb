"""The report page for an auditor: subject, tools, times, options, all results, and the content of each release.

The page is one self-contained HTML file: no script, no address that a browser would fetch, and one style whose digest is in
the content security policy. The content of a release is not trusted: every text goes through ``shown`` and then through
autoescaping, so that it cannot change the structure of the page. A part of a damaged release that cannot be read is replaced
by the problem.

The page is a record and not a proof: it is not signed. Its time is that of the clock.
"""

from __future__ import annotations

import hashlib
import platform
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from markupsafe import Markup

from cbrn_data import __version__
from cbrn_data.checks.across import claimant, newest_totals
from cbrn_data.checks.evidence import cells_by_method
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.normalise.readings import METHODS
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import Tables, released_tables
from cbrn_data.signing.keys import fingerprint
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, REPORT, SUMS, Release, marks_of, read_release
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import Index, read_index
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.audit import Asked
from cbrn_data.verify.results import CUT_SHORT, FAILED, NOT_CHECKED, PASSED, Result, notices
from cbrn_data.verify.signature import SIGNATURE, UNREAD

if TYPE_CHECKING:
    from jinja2 import Template

LIBRARIES = ("cryptography", "frictionless", "jsonschema", "pandas", "pandera", "pyarrow", "pycountry", "pyyaml", "jinja2")
SOURCE_KEYS = ("title", "path", "sha256", "url", "publisher", "kind", "edition", "retrieved_on", "licence", "bytes")
LISTED = 1000
"""The most findings of a release that are listed; ``report.json`` in the release has them all."""
FAILED_LISTED = 20
"""The most failed checks that are listed before all results."""
TEXT_LIMIT = 1000

VERDICTS = {
    0: ("holds", "All checks passed."),
    1: ("fails", "A check failed."),
    3: ("cut", "All releases are intact; a publication was cut short."),
}
UNDONE = ("cut", "All checks passed, but a requested rebuild was not done.")
MARKS = {PASSED: "✓", FAILED: "✗", NOT_CHECKED: "–", CUT_SHORT: "!"}


@dataclass(frozen=True)
class ReportPart:
    """A part of a release: its value, or the problem if it cannot be read."""

    value: Any
    problem: str | None = None


@dataclass(frozen=True)
class ReleaseSection:
    """The section of one release; ``failed`` if a check of it failed."""

    name: str
    failed: bool
    release: ReportPart
    marks: Sequence[Mapping[str, str]]
    sources: ReportPart
    findings: ReportPart
    coverage: ReportPart


def page(
    where: str, folder: Path, results: Sequence[Result], code: int, trusted: Sequence[Ed25519PublicKey], asked: Asked
) -> bytes:
    """Return the page of a verification: ``where`` is the path or address for people, ``folder`` has the files.

    ``code`` is the exit code of the verification, ``trusted`` are the pinned keys, ``asked`` says when it was and what was
    asked for. If keys are pinned, a release that none of them signed or vouches for is not read.
    """
    sections = _sections(folder, results, bool(trusted))
    known = [section.release.value for section in sections if section.release.value]
    counts = Counter(result.result for result in results)
    word, sentence = verdict(code, results)
    text = _template().render(
        where=where,
        is_store=not _is_release(folder),
        time=asked.time,
        used=asked.used,
        unused=asked.unused,
        verdict=word,
        sentence=sentence,
        counts=[(word, counts[word]) for word in MARKS if counts[word] or word in (PASSED, FAILED)],
        head=known[0] if known else None,
        title=next((title for section in sections if (title := _title(folder, section))), None),
        tools=[("cbrn_data", __version__), *((name, installed(name)) for name in LIBRARIES)],
        python=f"{platform.python_implementation()} {platform.python_version()}",
        pinned=[fingerprint(key) for key in trusted],
        results=results,
        marks=MARKS,
        methods=METHODS,
        listed=LISTED,
        sections=sections,
        notices=notices(results),
        failed=[result for result in results if result.result == FAILED],
        failed_listed=FAILED_LISTED,
    )
    return text.encode()


def verdict(code: int, results: Sequence[Result]) -> tuple[str, str]:
    """Return the meaning of an exit code, as a word for the style and as a sentence."""
    if code == 1 and not any(result.result == FAILED for result in results):
        return UNDONE
    return VERDICTS[code]


def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # most audits have no page

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_inert, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["csp_hash"] = _csp_hash
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment.from_string(files("cbrn_data.verify").joinpath("report.html.j2").read_text(encoding="utf-8"))


def _inert(value: Any) -> Any:
    """Escape invisible characters in text from data; the markup of the template is unchanged."""
    if value is None:
        return "–"
    return shown(value, TEXT_LIMIT) if isinstance(value, str) and not isinstance(value, Markup) else value


def _csp_hash(style: str) -> str:
    """Return the source expression that allows exactly this style (Content Security Policy Level 3, 6.7.2)."""
    return "sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _is_release(folder: Path) -> bool:
    return (folder / SUMS).is_file()


def _sections(folder: Path, results: Sequence[Result], is_pinned: bool) -> list[ReleaseSection]:
    """Return a section for each release, newest first, unreadable ones last."""
    failed = {result.subject for result in results if result.result == FAILED}
    strange = {result.subject for result in results if is_pinned and (result.check, result.result) == (SIGNATURE, FAILED)}
    if _is_release(folder):
        return [_unread(folder.name) if folder.name in strange else _section(folder, folder.name in failed, Index())]
    releases = folder / RELEASES
    names = [name for name in disk.entries(releases) if name[0] != "."] if releases.is_dir() else []
    index = _part(folder, lambda: read_index(folder, [])).value or Index()
    sections = [_unread(name) if name in strange else _section(releases / name, name in failed, index) for name in names]
    return sorted(sections, key=lambda section: -(section.release.value["sequence"] if section.release.value else 0))


def _unread(name: str) -> ReleaseSection:
    nothing = ReportPart(None, UNREAD)
    return ReleaseSection(name, True, nothing, (), nothing, nothing, nothing)


def _section(folder: Path, failed: bool, index: Index) -> ReleaseSection:
    tables = _part(folder, lambda: released_tables(folder, read_package(folder / "schemas")))
    return ReleaseSection(
        name=folder.name,
        failed=failed,
        release=_part(folder, lambda: _described(read_release(folder))),
        marks=marks_of(index.withdrawn.get(folder.name), index.past.get(folder.name, ())),
        sources=_of(folder, tables, lambda of: [{key: row[key] for key in SOURCE_KEYS} for row in of["sources"].rows]),
        findings=_part(folder, lambda: _findings(folder)),
        coverage=_of(folder, tables, _coverage),
    )


def _part(folder: Path, run: Callable[[], Any]) -> ReportPart:
    """Read a part; a release under verification can have any content, so every exception becomes a problem.

    ``folder`` is removed from messages, because that of a mirror is temporary.
    """
    try:
        return ReportPart(run())
    except CbrnDataError as error:
        problem = "; ".join(f"{finding.place}: {finding.message}" for finding in error.findings) or str(error)
    except Exception as error:
        problem = f"cannot be read: {type(error).__name__}: {error}"
    return ReportPart(None, problem.replace(f"{folder}/", ""))


def _of(folder: Path, tables: ReportPart, run: Callable[[Tables], Any]) -> ReportPart:
    return ReportPart(None, tables.problem) if tables.problem else _part(folder, lambda: run(tables.value))


def _described(release: Release) -> dict[str, Any]:
    """Return the properties of a release for the page. Raises KeyError or TypeError if ``release.json`` lacks one."""
    code = release.info["code"]
    same = ("version", "date", "sequence", "digest", "previous", "content_digest")
    return {name: getattr(release, name) for name in same} | {
        "summary": str(release.info["summary"]),
        "code": str(code["version"]),
        "code_digest": str(code["digest"]),
        "commit": str(code.get("commit") or ""),
        "libraries": [f"{name} {version}" for name, version in sorted(code["libraries"].items())],
    }


def _title(folder: Path, section: ReleaseSection) -> str | None:
    if section.release.problem == UNREAD:
        return None
    place = folder if _is_release(folder) else folder / RELEASES / section.name
    title = _part(place, lambda: parse_object(place / DESCRIPTOR, disk.read(place / DESCRIPTOR))["title"]).value
    return title if isinstance(title, str) else None


def _findings(folder: Path) -> list[dict[str, str]]:
    listed = parse_object(folder / REPORT, disk.read(folder / REPORT))["findings"]["listed"]
    return [
        {
            "severity": str(finding["severity"]),
            "code": str(finding["code"]),
            "place": str(finding["source"] or finding["table"] or "") + (f":{finding['line']}" if finding["line"] else ""),
            "message": str(finding["message"]),
        }
        for finding in listed
    ]


def _coverage(tables: Tables) -> dict[str, Any]:
    """Return for each table the number of cells with a value, with evidence, and with evidence by each method."""
    found = cells_by_method(tables)
    columns = ("cells", "evident", *METHODS)
    rows = [{"name": name, **{key: counts[key] for key in columns}} for name, counts in found.items()]
    total = {key: sum(counts[key] for counts in found.values()) for key in columns}
    return {"tables": rows, "total": total, "named": tables["projects"].count, "claims": _claims(tables)}


def _claims(tables: Tables) -> list[dict[str, str | None]]:
    """Return the number of projects that the newest leaflet or page of each region claims."""
    names = {row["region_id"]: row["name"] for row in tables["regions"].rows}
    return [
        {
            "region": names[region_id],
            "who": claimant(figure),
            "claimed": figure["value"],
            "year": figure["as_of_year"] or "undated",
        }
        for region_id, figure in newest_totals(tables).items()
    ]
