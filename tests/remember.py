"""What takes most of a publication's time and depends on nothing but its input: made once for all test processes."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cbrn_data import pipeline
from cbrn_data.catalogue import derive
from cbrn_data.checks.released import Released, by_frictionless, check_release, read_documents
from cbrn_data.checks.second import by_profile
from cbrn_data.findings import Finding
from cbrn_data.portal.pictures import drawing
from cbrn_data.release import gate
from cbrn_data.schema.model import Package
from cbrn_data.schema.table import released_tables
from cbrn_data.signing.attestation import ATTESTATION
from cbrn_data.signing.keys import PUBLIC_KEY
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, INFO, REPORT, SUMS, Release
from cbrn_data.verify import release as audit
from tests.trees import tree

BESIDE = {DESCRIPTOR, INFO, REPORT, SUMS, ATTESTATION, PUBLIC_KEY, "CHANGES.md"}


def remember(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep in ``folder`` the pages and catalogues of releases, the pictures of data, and what is found in tables.

    Tests of these themselves import them by name, and so get no memory.
    """

    def remembered(make: Callable[..., object], key: Callable[..., object]) -> Callable[..., Any]:
        def made(*arguments: object, **options: object) -> object:
            digest = hashlib.sha256(repr((make.__module__, make.__name__, key(*arguments, **options))).encode()).hexdigest()
            kept = folder / digest
            if not kept.exists():
                found = make(*arguments, **options)
                part = folder / f"{digest}-{os.getpid()}"
                part.write_bytes(pickle.dumps(list(found) if isinstance(found, Iterator) else found))
                part.rename(kept)
            return pickle.loads(kept.read_bytes())

        return made

    def of_releases(releases: list[Release], base_url: str) -> object:
        return [(one.version, one.digest, one.marks, one.erased) for one in releases], base_url

    def what_frictionless_reads(folder: Path, released: Released, known: object = None, before: object = None) -> object:
        """Return the descriptor, every file that it names, and what else the verdict rests on."""
        files = tree(folder)
        named = {name: data for name, data in files.items() if name.encode() in files[DESCRIPTOR][1] or name == DESCRIPTOR}
        return sorted(named.items()), released.published, released.counts, released.sampled

    def of_tables(folder: Path, package: Package) -> object:
        """Return every file except those that say of the others what they are."""
        return [item for item in tree(folder).items() if item[0] not in BESIDE]

    def found_in(folder: Path, package: Package) -> object:
        released, findings = check_release(folder, package)
        return released.counts, released.cells, findings

    check = remembered(found_in, of_tables)

    def checked(
        folder: Path, package: Package, before: Path | None = None, good: object = None, **options: Any
    ) -> tuple[Released, list[Finding]]:
        if any(table.parts for table in released_tables(folder, package).values()):
            return check_release(folder, package, before, **options)
        counts, cells, findings = check(folder, package)
        tables = released_tables(folder, package)
        documents = read_documents(folder, tables)
        return Released(package, tables, counts, cells, {name: [] for name in tables}, documents), findings

    make_pages = pipeline.pages

    def pages(releases: list[Release], base_url: str) -> dict[str, bytes]:
        """Return every file in memory: the folder that keeps exports is that of one process."""
        return {name: b"".join(disk.pieces(data)) for name, data in make_pages(releases, base_url).items()}

    patch.setattr(pipeline, "pages", remembered(pages, of_releases))
    patch.setattr(derive, "described", remembered(derive.described, of_releases))
    patch.setattr(drawing, "_drawn", remembered(drawing._drawn, str))
    patch.setattr(gate, "by_frictionless", remembered(by_frictionless, what_frictionless_reads))
    for judge in (gate, audit):
        patch.setattr(judge, "by_profile", remembered(by_profile, dict))
        patch.setattr(judge, "check_release", checked)
