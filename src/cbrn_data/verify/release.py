"""Verify one release folder: its files, signature, record, definitions, tables, evidence, sources and report.

The changes since the release before are checked only if that is available, else the result is "not checked". The
definitions are those in the release.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.checks.comparing import comparison
from cbrn_data.checks.released import Good, Released, check_release, covered, file_names, read_sidecar
from cbrn_data.checks.second import by_profile
from cbrn_data.findings import Finding, shown
from cbrn_data.release.changes import apply_changes, content_of, find_changes
from cbrn_data.schema.coverage import coverage
from cbrn_data.schema.model import CHANGES, Package, read_package
from cbrn_data.schema.table import released_tables, table_of_rows
from cbrn_data.signing.attestation import ATTESTATION, read_statement
from cbrn_data.signing.keys import KEYS_LIMIT, PUBLIC_KEY, read_public_keys
from cbrn_data.signing.provenance import PROVENANCE_TYPE, provenance
from cbrn_data.sources.source import edition_of
from cbrn_data.store import disk
from cbrn_data.store.folder import (
    DESCRIPTOR,
    INFO,
    INPUTS,
    NESTED,
    REPORT,
    SUMS,
    is_part,
    parse_checksums,
    problems,
    read_release,
    source_file,
)
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.approval import approval_results
from cbrn_data.verify.complete import complete_results
from cbrn_data.verify.descriptor import descriptor_faults
from cbrn_data.verify.results import CUT_SHORT, ERASED, NOT_CHECKED, PASSED, Result, checked
from cbrn_data.verify.signature import SIGNATURE, UNREAD, signed_by, signer

OWN_FILES = frozenset({DESCRIPTOR, INFO, NESTED, REPORT, PUBLIC_KEY, "CHANGES.md"})
"""The files of a release other than tables, sources and definitions."""

STOPS = ("files", "definitions")
"""Checks that must pass before the later ones run."""

_OF_FILES = frozenset({"release-not-canonical", "release-json-differs"})
"""Findings about the bytes of a table, not about its rows."""

SIDECAR = {"source_id": "id", "region_id": "region"}
"""Columns of the table of sources that have another name in sidecars."""


class ReleaseAudit:
    """The checks of one release; ``previous`` is the folder of the release before, or None if it is not available.

    ``is_vouched``: the metadata of its store name its digests, so any key may have signed it. ``erased`` (reason and date by
    name) are sources whose bytes were taken out, by an index for which the metadata vouch. ``good`` caches what passed in
    this run, in other releases too.
    """

    def __init__(
        self,
        folder: Path,
        trusted: Sequence[Ed25519PublicKey],
        previous: Path | None = None,
        is_vouched: bool = False,
        erased: Mapping[str, Mapping[str, str]] | None = None,
        good: Good | None = None,
    ) -> None:
        self.folder = folder
        self.trusted = trusted
        self.previous = previous
        self.is_vouched = is_vouched
        self.erased = erased or {}
        self._good = good
        self.subject = shown(folder.name, 40)
        self.signer: str | None = None
        self._released: Released | None = None
        self._findings: list[Finding] = []
        self._package: Package | None = None

    def run(self) -> Iterator[Result]:
        """Yield the results of each check; later checks depend on earlier ones.

        If keys are pinned, a release that none of them signed or vouches for is not read.
        """
        if self.trusted and not self.is_vouched and signer(self.folder, self.trusted) is None:
            yield from self._signature()
            yield Result(self.subject, "files", NOT_CHECKED, UNREAD)
            return
        checks = (
            ("files", self._files, "every file matches SHA256SUMS"),
            ("record", self._record, "release.json fits the folder and the content"),
            ("definitions", self._definitions, "the definitions can be used"),
            ("counts", self._counts, "release.json has the numbers of rows"),
            ("data package", self._data_package, "valid with the official profile, and as the definitions say"),
            ("tables", partial(self._rows, of_evidence=False), "every row passes the definitions and checks"),
            ("evidence", partial(self._rows, of_evidence=True), "every quote is in its place and gives its value"),
            ("sources", self._sources, "every source matches its digest and its sidecar"),
            ("report", self._report, "the report covers exactly these files"),
        )
        for name, run, good in checks:
            results = list(checked(self.subject, name, run, good))
            yield from results
            yield from self._erasures() if name == "files" else ()
            if name in STOPS and any(result.result != PASSED for result in results):
                break
        if self._released:
            yield from complete_results(self.folder, self.subject, self._released, self.previous, self._gone)
        yield from self._signature()
        yield from approval_results(self.folder, self.subject, self.signer)
        yield from self._delta()

    def _files(self) -> Iterator[str]:
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        yield from problems(self.folder, listed, self.erased)
        if not disk.mode(self.folder / ATTESTATION):
            yield f"'{ATTESTATION}' is missing"

    def _erasures(self) -> Iterator[Result]:
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS)) if self.erased else {}
        for name, mark in self.erased.items():
            detail = f"{name} (sha256 {listed.get(name)}) was erased on {mark['date']}: {mark['reason']}"
            yield Result(self.subject, ERASED, NOT_CHECKED, shown(f"{detail}; its quotes were not compared", 600))
            if disk.mode(self.folder / name):
                yield Result(self.subject, ERASED, CUT_SHORT, f"{name} is still there; the next publication removes it")

    def _record(self) -> Iterator[str]:
        release = read_release(self.folder)
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        tables = {name for name in listed if "/" not in name and name.endswith(".csv") and name != "changes.csv"}
        made_of = [name for name in listed if name in tables or is_part(name) or name.startswith(INPUTS)]
        lines = "".join(f"{listed[name]}  {name}\n" for name in sorted(made_of))
        if hashlib.sha256(lines.encode()).hexdigest() != release.content_digest:
            yield f"{INFO}: the content digest does not match the tables, sources and definitions"

    def _definitions(self) -> Iterator[str]:
        self._package = read_package(self.folder / "schemas")
        self._released, found = check_release(self.folder, self._package, good=self._good)
        self._findings = [one for one in found if not (one.source in self._gone and one.code.startswith("evidence-"))]
        yield from _sentences(finding for finding in self._findings if finding.code in _OF_FILES)

    def _counts(self) -> Iterator[str]:
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        counts = {name: self._read.counts[name] for name in self._read.published if name != CHANGES}
        if dict(sorted(info["counts"].items())) != dict(sorted(counts.items())):
            yield f"{INFO}: the counts differ from the tables"

    def _data_package(self) -> Iterator[str]:
        assert self._package
        descriptor = parse_object(self.folder / DESCRIPTOR, disk.read(self.folder / DESCRIPTOR))
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        known = {*self._read.files} | OWN_FILES
        known |= {f"schemas/{name}.yaml" for name in ("package", *self._package.tables)}
        strangers = sorted(name for name in listed.keys() - known if not name.startswith("sources/"))
        yield from (f"{name} is not a file of a release" for name in strangers)
        cover = coverage(self._package, self._read.tables)
        sizes = {name: disk.size(self.folder / name) for name in self._read.files}
        yield from descriptor_faults(descriptor, self._read, listed, sizes, info, cover)
        yield from _sentences(by_profile(descriptor))

    @property
    def _gone(self) -> set[str]:
        """The ids of the sources that were erased."""
        return {row["source_id"] or "" for row in self._read.tables["sources"].rows if row["path"] in self.erased}

    @property
    def _read(self) -> Released:
        assert self._released
        return self._released

    def _rows(self, of_evidence: bool) -> Iterator[str]:
        errors = (found for found in self._findings if found.is_error and found.code not in _OF_FILES)
        return _sentences(found for found in errors if found.code.startswith("evidence-") is of_evidence)

    def _sources(self) -> Iterator[str]:
        there = {name for name, _ in disk.walk(self.folder) if name.startswith("sources/")}
        named = {row["path"] or "" for row in self._read.tables["sources"].rows}
        yield from (
            f"{name} is not in the table of sources" for name in sorted(there - {*named, *(f"{n}.yaml" for n in named)})
        )
        for row in self._read.tables["sources"].rows:
            path = row["path"] or ""
            file = source_file(self.folder, path)
            actual = None if path in self.erased else (disk.digest(file, self.folder), str(disk.size(file)))
            if actual not in (None, (row["sha256"], row["bytes"])):
                yield f"{path} does not match its digest and size in the table of sources"
            sidecar = read_sidecar(self.folder, path)
            sidecar = {**sidecar, "edition": edition_of(sidecar) or None}
            expected = {SIDECAR.get(name, name): value for name, value in row.items() if name not in ("path", "media_type")}
            for key, value in expected.items():
                if (None if sidecar.get(key) is None else str(sidecar[key])) != value:
                    yield f"{path}.yaml has another {key} than the table of sources"

    def _report(self) -> Iterator[str]:
        report = parse_object(self.folder / REPORT, disk.read(self.folder / REPORT))
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        if report["valid"] is not True:
            yield f"{REPORT} does not state that the release is valid"
        yield from (
            f"{REPORT} has another digest of {name}"
            for name, sha256 in report["checked"].items()
            if listed.get(name) != sha256
        )
        tables = {name for table in report["tables"] for name in file_names(self._read.tables[table])} | {DESCRIPTOR}
        beside = {name for name in listed if "/" not in name and name.endswith((".csv", ".json"))}
        there = {*beside, *filter(is_part, listed)} - {INFO, REPORT, NESTED}
        if tables != there or set(report["checked"]) != there:
            yield f"{REPORT} does not cover exactly the tables of the release"
        assert self._package
        for key, counted in covered(self._read).items():
            if report.get(key) != counted:
                yield f"{REPORT} has other numbers of {key} than the tables"
        if not report["checks"] or any(check["result"] != "passed" for check in report["checks"]):
            yield f"{REPORT} has a check that did not pass"
        listed_findings = report["findings"]["listed"]
        if any(entry["severity"] == "error" for entry in listed_findings):
            yield f"{REPORT} lists an error"
        if report["findings"]["counts"] != Counter(entry["code"] for entry in listed_findings):
            yield f"{REPORT} counts other findings than it lists"

    @cached_property
    def _keys(self) -> Sequence[Ed25519PublicKey]:
        """The keys of which one must have signed; empty (any key) if the metadata vouch for the release."""
        return () if self.is_vouched and signer(self.folder, self.trusted) is None else self.trusted

    def _signature(self) -> Iterator[Result]:
        pinned = "a pinned key" if self._keys else "not pinned"
        if self.trusted and not self._keys:
            pinned += ", but the metadata vouch for its digests"
        results = list(checked(self.subject, SIGNATURE, self._signed, ""))
        for result in results:
            detail = f"signed by {self.signer}, {pinned}" if result.result == PASSED else result.detail
            yield Result(result.subject, result.check, result.result, detail)

    def _signed(self) -> Iterator[str]:
        self.signer, envelope = signed_by(self.folder, self._keys)
        read_public_keys(disk.read(self.folder / PUBLIC_KEY, KEYS_LIMIT), PUBLIC_KEY)
        if envelope.signatures[0][0] != self.signer:
            yield f"{ATTESTATION} names another key than the signing key"
        subjects, predicate, kind = read_statement(envelope.payload)
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        actual = {**listed, SUMS: disk.digest(self.folder / SUMS)}
        yield from (
            f"{ATTESTATION} has another digest of {name}" for name in sorted(actual) if subjects.get(name) != actual[name]
        )
        yield from (f"{ATTESTATION} names {name}, which is missing" for name in sorted(subjects.keys() - actual.keys()))
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        yield from (_provenance_faults if kind == PROVENANCE_TYPE else _older_faults)(predicate, info, listed)

    def _delta(self) -> Iterator[Result]:
        if self._package is None:
            yield Result(self.subject, "delta", NOT_CHECKED, "the tables were not read")
        elif self.previous is None:
            first = self._is_first()
            detail = "the first release has none" if first else "the release before it is not given; verify the whole store"
            yield Result(self.subject, "delta", PASSED if first else NOT_CHECKED, detail)
        else:
            yield from checked(self.subject, "delta", self._applies, "the changes lead from the release before to this one")

    def _is_first(self) -> bool:
        try:
            return read_release(self.folder).previous is None
        except Exception:
            return False

    def _applies(self) -> Iterator[str]:
        """Compare the file of changes with the changes between the two releases; changes of the older form are applied."""
        assert self._package and self.previous
        old = released_tables(self.previous, read_package(self.previous / "schemas"))
        new, rows = self._read.tables, Counter[str]()
        if not disk.mode(self.folder / f"{CHANGES}.csv"):
            find_changes(old, new, self._package, lambda block: rows.update({CHANGES: block.num_rows}))
            if rows[CHANGES]:
                yield f"{CHANGES}.csv is missing, but tables changed since {self.previous.name}"
            return
        with comparison(self.folder, self._package.tables[CHANGES]) as (writer, differences):
            find_changes(old, new, self._package, writer.add)
        if differences:
            # The older form repeats all rows, so the tables must follow from it alone.
            made = apply_changes(
                new[CHANGES].rows, old, {name: table_of_rows(table.definition, []) for name, table in new.items()}
            )
            names = [name for name, table in new.items() if name in made and made[name] != content_of(table)]
            yield from (f"the changes do not lead from {self.previous.name} to this {name}" for name in names)


def _sentences(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.place}: {finding.code}: {finding.message}"


def _provenance_faults(predicate: Mapping[str, Any], info: Mapping[str, Any], listed: Mapping[str, str]) -> Iterator[str]:
    """Yield the fields of the provenance that do not follow from the record and SHA256SUMS."""
    expected = provenance(info, listed, REPORT, valid=True)
    for part in sorted(expected.keys() | predicate.keys()):
        said, right = predicate.get(part), expected.get(part, {})
        for key in sorted(right.keys() | said.keys()) if isinstance(said, dict) else (part,):
            if not isinstance(said, dict) or said.get(key) != right.get(key):
                yield f"{ATTESTATION} has another {key} than {INFO}, {SUMS} and a valid {REPORT}"


def _older_faults(predicate: Mapping[str, Any], info: Mapping[str, Any], listed: Mapping[str, str]) -> Iterator[str]:
    """Yield the differences of a predicate of the older form from the record and SHA256SUMS."""
    yield from (
        f"{ATTESTATION} has another {key} than {INFO}"
        for key in ("package", "version", "sequence", "date", "previous", "content_digest", "code")
        if predicate.get(key) != info.get(key)
    )
    if predicate.get("sources") != {name: sha256 for name, sha256 in listed.items() if name.startswith("sources/")}:
        yield f"{ATTESTATION} has other sources"
    if predicate.get("report") != {"sha256": listed.get(REPORT), "valid": True}:
        yield f"{ATTESTATION} has another report, or one that is not valid"
