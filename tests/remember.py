"""What takes most of a publication's time and depends on nothing but its input: made once for all test processes."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.catalogue import derive
from cbrn_data.checks.profile import by_profile
from cbrn_data.checks.released import Released, by_frictionless
from cbrn_data.portal.pictures import drawing
from cbrn_data.release import gate
from cbrn_data.store.folder import DESCRIPTOR, Release
from cbrn_data.verify import release as audit
from tests.trees import tree


def remember(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep in ``folder`` the pages and catalogues of releases, the pictures of data, and the verdicts of others' validators.

    Tests of these themselves import them by name, and so get no memory.
    """

    def remembered(make: Callable[..., object], key: Callable[..., object]) -> Callable[..., object]:
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
        return [(one.version, one.digest, one.withdrawn) for one in releases], base_url

    def what_frictionless_reads(folder: Path, released: Released, is_foreign: bool = False) -> object:
        """Return the descriptor, every file that it names, and what else the verdict rests on."""
        files = tree(folder)
        named = {name: data for name, data in files.items() if name.encode() in files[DESCRIPTOR][1] or name == DESCRIPTOR}
        return sorted(named.items()), released.tables, released.counts, is_foreign

    patch.setattr(pipeline, "pages", remembered(pipeline.pages, of_releases))
    patch.setattr(derive, "described", remembered(derive.described, of_releases))
    patch.setattr(drawing, "_drawn", remembered(drawing._drawn, str))
    for judge in (gate, audit):
        patch.setattr(judge, "by_frictionless", remembered(by_frictionless, what_frictionless_reads))
        patch.setattr(judge, "by_profile", remembered(by_profile, dict))
