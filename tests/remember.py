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
from cbrn_data.checks.released import by_frictionless
from cbrn_data.portal.pictures import drawing
from cbrn_data.release import gate
from cbrn_data.store.folder import Release
from tests.trees import tree


def remember(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep in ``folder`` the pages and catalogues of releases, the pictures of data, and the verdicts of frictionless.

    Tests of these themselves import them by name, and so get no memory.
    """

    def remembered(make: Callable[..., object], key: Callable[..., object]) -> Callable[..., object]:
        def made(*arguments: object) -> object:
            digest = hashlib.sha256(repr((make.__module__, make.__name__, key(*arguments))).encode()).hexdigest()
            kept = folder / digest
            if not kept.exists():
                found = make(*arguments)
                part = folder / f"{digest}-{os.getpid()}"
                part.write_bytes(pickle.dumps(list(found) if isinstance(found, Iterator) else found))
                part.rename(kept)
            return pickle.loads(kept.read_bytes())

        return made

    def of_releases(releases: list[Release], base_url: str) -> object:
        return [(one.version, one.digest, one.withdrawn) for one in releases], base_url

    patch.setattr(pipeline, "pages", remembered(pipeline.pages, of_releases))
    patch.setattr(derive, "described", remembered(derive.described, of_releases))
    patch.setattr(drawing, "_drawn", remembered(drawing._drawn, str))
    patch.setattr(gate, "by_frictionless", remembered(by_frictionless, lambda folder, *_: tree(folder)))
