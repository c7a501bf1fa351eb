"""Erase a source: take its bytes out of every release, where the law asks for it, and keep its digests.

The files that show the same document go too: the text that was read from it, the positions of its lines, the picture of its
pages. Sidecars, tables and the quotes in them stay, because else no digest of a release would hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.sources.sidecar import SIDECAR_LIMIT
from cbrn_data.sources.source import LINES, PAGES
from cbrn_data.store import disk
from cbrn_data.store.index import withdrawal
from cbrn_data.store.store import Store
from cbrn_data.strict_yaml import load_yaml


@dataclass(frozen=True)
class Erased:
    """The files of an erased source by version, and what was repaired."""

    names: Mapping[str, Sequence[str]]
    repaired: Sequence[str]


def erase(store: Store, source_id: str, reason: str, date: str) -> Erased:
    """Take the bytes of a source out of every release; ``reason``, one line, and ``date``, YYYY-MM-DD, are published.

    Raises ReleaseError if no release has the source.
    """
    mark = withdrawal(reason, date)
    with store.writing() as writer:
        names = {release.version: files for release in writer.releases if (files := source_files(release.folder, source_id))}
        if not names:
            raise ReleaseError(f"no release has a source {source_id[:100]!r}; the table sources of a release has their ids")
        writer.erase(names, mark)
        return Erased(names, writer.repaired)


def source_files(release: Path, source_id: str) -> list[str]:
    """Return the files of a source in a release, and of all that show the same document, as names in its folder."""
    about = {
        name.removesuffix(".yaml"): load_yaml(disk.read(release / "sources" / name, SIDECAR_LIMIT).decode())
        for name in disk.entries(release / "sources")
        if name.endswith(".yaml")
    }
    groups = [{str(said[key]) for key in ("id", "text_of") if said.get(key)} for said in about.values()]
    groups = [group | {each.removesuffix(end) for each in group for end in (LINES, PAGES)} for group in groups]
    ids, more = set[str](), {source_id}
    while more != ids:
        ids = more
        more = ids.union(*(group for group in groups if group & ids))
    return [f"sources/{name}" for name, said in about.items() if said["id"] in ids]
