"""Everything that can be made again: each release of a store, and what is derived from them. Loads the producer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cbrn_data.store.history import read_history
from cbrn_data.verify.rebuild import CHECK, rebuilt
from cbrn_data.verify.rederive import rederived
from cbrn_data.verify.reread import reread
from cbrn_data.verify.results import FAILED, NOT_CHECKED, Result
from cbrn_data.verify.store import STORE


def made_again(folder: Path, is_release: bool, results: Sequence[Result]) -> Iterator[Result]:
    """Make a release or those of a store again, unless ``results`` say that their own files cannot be relied on."""
    if any(result.check in ("files", "record", "chain", "signature") and result.result == FAILED for result in results):
        yield Result(STORE, CHECK, NOT_CHECKED, "what is there is not what was released")
        return
    folders = [folder] if is_release else [release.folder for release in read_history(folder)]
    for previous, release in zip([None, *folders], folders, strict=False):
        yield from rebuilt(release, previous)
        yield from reread(release)
    if not is_release:
        yield from rederived(STORE, folder)
