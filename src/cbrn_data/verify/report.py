"""The page that an auditor files: what was verified, with what, on which day, each result, and what each release holds.

One self-contained HTML file: no script, no address that a browser would ask for, one style that the content security
policy names by its digest. Nothing of a release is trusted here either. Every text goes through ``shown`` and then
through autoescaping, so that a page has the same structure whatever a release says; and what cannot be read of a spoilt
release is said in its place.

The page is a record and not a proof: it bears no signature. Its time is that of the clock.
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
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from cbrn_data import __version__
from cbrn_data.checks.across import claimant, newest_totals
from cbrn_data.checks.released import Released, read_tables
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import read_package
from cbrn_data.signing.keys import fingerprint
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, REPORT, SUMS, Release, read_release
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import read_index
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.results import CUT_SHORT, FAILED, NOT_CHECKED, PASSED, Result, notices
from cbrn_data.verify.signature import SIGNATURE, UNREAD

LIBRARIES = ("cryptography", "frictionless", "jsonschema", "pandas", "pandera", "pyarrow", "pycountry", "pyyaml", "jinja2")
SOURCE_KEYS = ("title", "path", "sha256", "url", "publisher", "kind", "edition", "retrieved_on", "licence", "bytes")
METHODS = ("verbatim", "normalised", "counted", "derived", "curated")
LISTED = 1000
"""How many findings of a release are listed; ``report.json`` in the release holds them all."""
TEXT_LIMIT = 1000

VERDICTS = {
    0: ("holds", "Everything that was checked holds."),
    1: ("fails", "This does not hold what it promises."),
    3: ("cut", "All releases are intact; a publication was cut short."),
}
UNDONE = ("cut", "What was checked holds, but a rebuild that was asked for was not done.")
MARKS = {PASSED: "✓", FAILED: "✗", NOT_CHECKED: "–", CUT_SHORT: "!"}


@dataclass(frozen=True)
class Part:
    """Something read from a release: its value, or why it cannot be read."""

    value: Any
    problem: str | None = None


@dataclass(frozen=True)
class Section:
    """What the page says of one release; ``failed`` when a check of it did."""

    name: str
    failed: bool
    release: Part
    withdrawn: Mapping[str, str] | None
    sources: Part
    findings: Part
    coverage: Part


def page(
    where: str, folder: Path, results: Sequence[Result], code: int, trusted: Sequence[Ed25519PublicKey], time: str
) -> bytes:
    """Return the page for what was verified: ``where`` as people know it, ``folder`` where its files are now.

    ``code`` is the exit code of the verification, ``trusted`` the pinned keys, ``time`` that of the
    verification. Of a release for which no pinned key vouches nothing is read.
    """
    sections = _sections(folder, results, bool(trusted))
    known = [section.release.value for section in sections if section.release.value]
    counts = Counter(result.result for result in results)
    word, sentence = verdict(code, results)
    text = _template().render(
        where=where,
        is_store=not _is_release(folder),
        time=time,
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
    )
    return text.encode()


def verdict(code: int, results: Sequence[Result]) -> tuple[str, str]:
    """Return what an exit code comes to, as a word for the style and as a sentence."""
    if code == 1 and not any(result.result == FAILED for result in results):
        return UNDONE
    return VERDICTS[code]


def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_inert, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["csp_hash"] = _csp_hash
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment.from_string(files("cbrn_data.verify").joinpath("report.html.j2").read_text(encoding="utf-8"))


def _inert(value: Any) -> Any:
    """Escape what a person could not see in any text that comes from data; the template's own markup stays."""
    if value is None:
        return "–"
    return shown(value, TEXT_LIMIT) if isinstance(value, str) and not isinstance(value, Markup) else value


def _csp_hash(style: str) -> str:
    """Return the source expression that allows exactly this style (Content Security Policy Level 3, 6.7.2)."""
    return "sha256-" + b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _is_release(folder: Path) -> bool:
    return (folder / SUMS).is_file()


def _sections(folder: Path, results: Sequence[Result], is_pinned: bool) -> list[Section]:
    """Return a section per release, the newest first, those that cannot be read last."""
    failed = {result.subject for result in results if result.result == FAILED}
    strange = {result.subject for result in results if is_pinned and (result.check, result.result) == (SIGNATURE, FAILED)}
    if _is_release(folder):
        return [_unread(folder.name) if folder.name in strange else _section(folder, folder.name in failed, {})]
    releases = folder / RELEASES
    names = [name for name in disk.entries(releases) if name[0] != "."] if releases.is_dir() else []
    withdrawn = _part(folder, lambda: read_index(folder, []).withdrawn).value or {}
    sections = [_unread(name) if name in strange else _section(releases / name, name in failed, withdrawn) for name in names]
    return sorted(sections, key=lambda section: -(section.release.value["sequence"] if section.release.value else 0))


def _unread(name: str) -> Section:
    nothing = Part(None, UNREAD)
    return Section(name, True, nothing, None, nothing, nothing, nothing)


def _section(folder: Path, failed: bool, withdrawn: Mapping[str, Mapping[str, str]]) -> Section:
    tables = _part(folder, lambda: _tables(folder))
    return Section(
        name=folder.name,
        failed=failed,
        release=_part(folder, lambda: _described(read_release(folder))),
        withdrawn=withdrawn.get(folder.name),
        sources=_of(folder, tables, _sources),
        findings=_part(folder, lambda: _findings(folder)),
        coverage=_of(folder, tables, _coverage),
    )


def _part(folder: Path, run: Callable[[], Any]) -> Part:
    """Read a part; a release under verification may be anything, so whatever goes wrong is said in its place.

    ``folder`` is left out of the words: that of a mirror is gone when people read them.
    """
    try:
        return Part(run())
    except CbrnDataError as error:
        problem = "; ".join(f"{finding.place}: {finding.message}" for finding in error.findings) or str(error)
    except Exception as error:
        problem = f"cannot be read: {type(error).__name__}: {error}"
    return Part(None, problem.replace(f"{folder}/", ""))


def _of(folder: Path, tables: Part, run: Callable[[Released], Any]) -> Part:
    return Part(None, tables.problem) if tables.problem else _part(folder, lambda: run(tables.value))


def _tables(folder: Path) -> Released:
    return read_tables(folder, read_package(folder / "schemas"))[0]


def _described(release: Release) -> dict[str, Any]:
    """Return what the page says of a release; a KeyError or TypeError where its ``release.json`` lacks it."""
    code = release.info["code"]
    return {
        "version": release.version,
        "date": release.date,
        "sequence": release.sequence,
        "digest": release.digest,
        "previous": release.previous,
        "content_digest": release.content_digest,
        "summary": str(release.info["summary"]),
        "code": str(code["version"]),
        "code_digest": str(code["digest"]),
        "libraries": [f"{name} {version}" for name, version in sorted(code["libraries"].items())],
    }


def _sources(released: Released) -> list[Row]:
    return [{key: row[key] for key in SOURCE_KEYS} for row in released.rows["sources"]]


def _title(folder: Path, section: Section) -> str | None:
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


def _coverage(released: Released) -> dict[str, Any]:
    """Count per table the cells that have a value, those with evidence, and by which methods (a cell can have several)."""
    package, rows = released.package, released.rows
    methods: dict[tuple[str | None, str | None, str | None], set[str]] = {}
    for row in rows["evidence"]:
        methods.setdefault((row["table_name"], row["row_id"], row["field"]), set()).add(row["method"] or "")
    tables = [
        _covered(table.name, [
            methods.get((table.name, table.row_id(row), name), set())
            for row in rows[table.name]
            for name in table.names
            if row[name] is not None
        ])
        for table in package.with_role("data")
        if not table.by_line
    ]  # fmt: skip
    tables += [_by_line(table.name, released.cells[table.name]) for table in package.with_role("data") if table.by_line]
    total = {key: sum(table[key] for table in tables) for key in ("cells", "evident", *METHODS)}
    return {"tables": tables, "total": total, "named": len(rows["projects"]), "claims": _claims(rows)}


def _covered(name: str, cells: list[set[str]]) -> dict[str, Any]:
    by_method = Counter(method for found in cells for method in found)
    return {
        "name": name,
        "cells": len(cells),
        "evident": sum(bool(found) for found in cells),
        **{method: by_method[method] for method in METHODS},
    }


def _by_line(name: str, cells: int) -> dict[str, Any]:
    """Return the same for a table whose every row leads to its line: it would not verify otherwise."""
    return {"name": name, "cells": cells, "evident": cells, **dict.fromkeys(METHODS, 0), "curated": cells}


def _claims(rows: Mapping[str, list[Row]]) -> list[dict[str, str | None]]:
    """Return how many projects the newest leaflet or page of each region claims."""
    names = {row["region_id"]: row["name"] for row in rows["regions"]}
    return [
        {
            "region": names[region_id],
            "who": claimant(figure),
            "claimed": figure["value"],
            "year": figure["as_of_year"] or "undated",
        }
        for region_id, figure in newest_totals(rows).items()
    ]
