"""One release folder, alone: its files, signature, record, definitions, tables, evidence, sources and report.

What needs the release before (the delta, the version, the chain) is checked where that is at hand, else named as not
checked. The schemas and checks are those recorded in the release.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.checks.compare import all_changes, changed_records, differing
from cbrn_data.checks.coverage import covered
from cbrn_data.checks.profile import by_profile
from cbrn_data.checks.released import Released, by_frictionless, comparison, read_documents, read_tables
from cbrn_data.checks.rows import released_records, released_rows
from cbrn_data.checks.run import check_tables
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.coverage import coverage
from cbrn_data.schema.delta import applied, delta
from cbrn_data.schema.model import CHANGES, Package, read_package
from cbrn_data.signing.attestation import ATTESTATION, read_statement
from cbrn_data.signing.keys import KEYS_LIMIT, PUBLIC_KEY, read_public_keys
from cbrn_data.sources.source import SIDECAR_LIMIT
from cbrn_data.store import disk
from cbrn_data.store.folder import (
    DESCRIPTOR,
    INFO,
    NESTED,
    REPORT,
    SUMS,
    parse_checksums,
    problems,
    read_release,
    source_file,
)
from cbrn_data.strict_json import parse_object
from cbrn_data.strict_yaml import load_yaml
from cbrn_data.verify.descriptor import descriptor_faults
from cbrn_data.verify.results import NOT_CHECKED, PASSED, Result, checked
from cbrn_data.verify.signature import SIGNATURE, UNREAD, signed_by, signer

OWN_FILES = frozenset({DESCRIPTOR, INFO, NESTED, REPORT, PUBLIC_KEY, "CHANGES.md"})
"""The files of a release beside its tables, sources and definitions."""

STOPS = ("files", "definitions")
"""Checks without which the later ones mean nothing."""

SIDECAR = {"source_id": "id", "region_id": "region"}
"""What the table of sources calls otherwise than the sidecars do."""


class ReleaseAudit:
    """The checks of one release; ``previous`` is the folder of the release before, None where it is not at hand."""

    def __init__(self, folder: Path, trusted: Sequence[Ed25519PublicKey], previous: Path | None = None) -> None:
        self.folder = folder
        self.trusted = trusted
        self.previous = previous
        self.subject = shown(folder.name, 40)
        self.signer: str | None = None
        self._released: Released | None = None
        self._package: Package | None = None

    def run(self) -> Iterator[Result]:
        """Yield a result per check, in the order in which each rests on those before.

        Where keys are pinned, nothing is read of a release for which none of them vouches.
        """
        if self.trusted and signer(self.folder, self.trusted) is None:
            yield from self._signature()
            yield Result(self.subject, "files", NOT_CHECKED, UNREAD)
            return
        checks = (
            ("files", self._files, "every file is as SHA256SUMS lists it"),
            ("record", self._record, "release.json fits the folder and the content"),
            ("definitions", self._definitions, "the definitions can be used"),
            ("counts", self._counts, "release.json counts the rows that are there"),
            ("data package", self._data_package, "valid by the official profile and by frictionless"),
            ("tables", self._tables, "every row holds to the definitions and checks"),
            ("evidence", self._evidence, "every quote is in its place and gives its value"),
            ("sources", self._sources, "every source has its digest and its sidecar"),
            ("report", self._report, "the report is of exactly these files"),
        )
        for name, run, good in checks:
            results = list(checked(self.subject, name, run, good))
            yield from results
            if name in STOPS and any(result.result != PASSED for result in results):
                break
        yield from self._signature()
        yield from self._delta()

    def _files(self) -> Iterator[str]:
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        yield from problems(self.folder, listed)
        if not disk.mode(self.folder / ATTESTATION):
            yield f"'{ATTESTATION}' is missing"

    def _record(self) -> Iterator[str]:
        release = read_release(self.folder)
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        tables = {name for name in listed if "/" not in name and name.endswith(".csv") and name != "changes.csv"}
        made_of = [name for name in listed if name in tables or name.startswith(("sources/", "schemas/"))]
        lines = "".join(f"{listed[name]}  {name}\n" for name in sorted(made_of))
        if hashlib.sha256(lines.encode()).hexdigest() != release.content_digest:
            yield f"{INFO}: the content digest is not that of the tables, sources and definitions"

    def _definitions(self) -> Iterator[str]:
        self._package = read_package(self.folder / "schemas")
        self._released, findings = read_tables(self.folder, self._package)
        yield from _sentences(findings)

    def _counts(self) -> Iterator[str]:
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        counts = {name: number for name, number in self._read.counts.items() if name != CHANGES}
        if dict(sorted(info["counts"].items())) != dict(sorted(counts.items())):
            yield f"{INFO}: the counts are not those of the tables"

    def _data_package(self) -> Iterator[str]:
        assert self._package
        descriptor = parse_object(self.folder / DESCRIPTOR, disk.read(self.folder / DESCRIPTOR))
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        present = self._read.tables
        known = {f"{name}.{form}" for name in present for form in ("csv", "json")} | OWN_FILES
        known |= {f"schemas/{name}.yaml" for name in ("package", *self._package.tables)}
        strangers = sorted(name for name in listed.keys() - known if not name.startswith("sources/"))
        yield from (f"{name} is no file of a release" for name in strangers)
        records = {table.name: self.folder / f"{table.name}.csv" for table in self._package.tables.values() if table.by_line}
        cover = coverage(self._package, self._read.rows, records)
        faults = [*descriptor_faults(descriptor, self._package, present, listed, info, cover)]
        faults += _sentences(by_profile(descriptor))
        yield from faults or _sentences(by_frictionless(self.folder, self._read, is_foreign=True))

    @cached_property
    def _findings(self) -> list[Finding]:
        assert self._package
        return check_tables(self._read.rows, self._package, read_documents(self.folder, self._read.rows))

    @property
    def _read(self) -> Released:
        assert self._released
        return self._released

    def _tables(self) -> Iterator[str]:
        yield from _sentences(f for f in self._findings if f.blocks and not f.code.startswith("evidence-"))

    def _evidence(self) -> Iterator[str]:
        yield from _sentences(f for f in self._findings if f.blocks and f.code.startswith("evidence-"))

    def _sources(self) -> Iterator[str]:
        there = {name for name, _ in disk.walk(self.folder) if name.startswith("sources/")}
        named = {row["path"] or "" for row in self._read.rows["sources"]}
        yield from (
            f"{name} is no source that the table names" for name in sorted(there - {*named, *(f"{n}.yaml" for n in named)})
        )
        for row in self._read.rows["sources"]:
            path = row["path"] or ""
            file, about = source_file(self.folder, path), source_file(self.folder, f"{path}.yaml")
            if (disk.digest(file, self.folder), str(disk.size(file))) != (row["sha256"], row["bytes"]):
                yield f"{path} has not the digest and size that the table of sources gives"
            sidecar = load_yaml(disk.read(about, SIDECAR_LIMIT, self.folder).decode())
            said = {SIDECAR.get(name, name): value for name, value in row.items() if name not in ("path", "media_type")}
            for key, value in said.items():
                if (None if sidecar.get(key) is None else str(sidecar[key])) != value:
                    yield f"{path}.yaml says another {key} than the table of sources"

    def _report(self) -> Iterator[str]:
        report = parse_object(self.folder / REPORT, disk.read(self.folder / REPORT))
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        if report["valid"] is not True:
            yield f"{REPORT} does not say that the release is valid"
        yield from (
            f"{REPORT} is of another {name}" for name, sha256 in report["checked"].items() if listed.get(name) != sha256
        )
        tables = {f"{name}.{form}" for name in report["tables"] for form in ("csv", "json")} | {"datapackage.json"}
        there = {name for name in listed if "/" not in name and name.endswith((".csv", ".json"))} - {INFO, REPORT, NESTED}
        if tables != there or set(report["checked"]) != there:
            yield f"{REPORT} does not cover the tables that are there"
        assert self._package
        for key, counted in covered(self._read).items():
            if report.get(key) != counted:
                yield f"{REPORT} gives other numbers of {key} than the tables"
        if not report["checks"] or any(check["result"] != "passed" for check in report["checks"]):
            yield f"{REPORT} says that a check did not pass"
        listed_findings = report["findings"]["listed"]
        if any(entry["severity"] == "error" for entry in listed_findings):
            yield f"{REPORT} lists a finding that blocks"
        if report["findings"]["counts"] != Counter(entry["code"] for entry in listed_findings):
            yield f"{REPORT} counts other findings than it lists"

    def _signature(self) -> Iterator[Result]:
        pinned = "a pinned key" if self.trusted else "not pinned"
        results = list(checked(self.subject, SIGNATURE, self._signed, ""))
        for result in results:
            detail = f"signed by {self.signer}, {pinned}" if result.result == PASSED else result.detail
            yield Result(result.subject, result.check, result.result, detail)

    def _signed(self) -> Iterator[str]:
        self.signer, envelope = signed_by(self.folder, self.trusted)
        read_public_keys(disk.read(self.folder / PUBLIC_KEY, KEYS_LIMIT), PUBLIC_KEY)
        if envelope.signatures[0][0] != self.signer:
            yield f"{ATTESTATION} names another key than the one that signed"
        subjects, predicate = read_statement(envelope.payload)
        listed = parse_checksums(self.folder / SUMS, disk.read(self.folder / SUMS))
        actual = {**listed, SUMS: disk.digest(self.folder / SUMS)}
        yield from (f"{ATTESTATION} is of another {name}" for name in sorted(actual) if subjects.get(name) != actual[name])
        yield from (f"{ATTESTATION} names {name}, which is not there" for name in sorted(subjects.keys() - actual.keys()))
        info = parse_object(self.folder / INFO, disk.read(self.folder / INFO))
        yield from (
            f"{ATTESTATION} says another {key} than {INFO}"
            for key in ("package", "version", "sequence", "date", "previous", "content_digest", "code")
            if predicate.get(key) != info.get(key)
        )
        if predicate.get("sources") != {name: sha256 for name, sha256 in listed.items() if name.startswith("sources/")}:
            yield f"{ATTESTATION} is of other sources"
        if predicate.get("report") != {"sha256": listed.get(REPORT), "valid": True}:
            yield f"{ATTESTATION} is of another report, or of one that is not valid"

    def _delta(self) -> Iterator[Result]:
        if self._package is None:
            yield Result(self.subject, "delta", NOT_CHECKED, "the tables were not read")
        elif self.previous is None:
            first = self._is_first()
            detail = "the first release has none" if first else "predecessor absent"
            yield Result(self.subject, "delta", PASSED if first else NOT_CHECKED, detail)
        else:
            yield from checked(self.subject, "delta", self._applies, "applied to the release before it gives this one")

    def _is_first(self) -> bool:
        try:
            return read_release(self.folder).previous is None
        except Exception:
            return False

    def _applies(self) -> Iterator[str]:
        """Make the changes again of the two releases, and hold the file of them against that."""
        assert self._package and self.previous
        before, after = read_release(self.previous), read_release(self.folder)
        old_package = read_package(self.previous / "schemas")
        old = released_rows(before, old_package)
        changes = delta(old, self._read.rows, self._package)
        pairs = differing(released_records(before, old_package), released_records(after, self._package))
        if not changes and not changed_records(pairs, self._package):
            if disk.mode(self.folder / f"{CHANGES}.csv"):
                yield f"{CHANGES}.csv tells of changes, and there are none"
            return
        if applied(changes, old, self._package) != {name: self._read.rows[name] for name in self._read.rows}:
            yield f"the changes applied to {self.previous.name} do not give the tables"
        with comparison(self.folder, self._package.tables[CHANGES]) as comparing:
            for block in all_changes(changes, pairs, self._package):
                comparing.writer.add(block)
        for finding in comparing.findings:
            yield f"{finding.source} is not what changed since {self.previous.name}: {finding.message}"


def _sentences(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.place}: {finding.code}: {finding.message}"
