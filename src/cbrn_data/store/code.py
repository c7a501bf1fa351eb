"""``code/<digest>/``: the code that made releases, each version once, by the digest that its releases record.

    <name>-<version>-py3-none-any.whl, run.lock, code.json   see ``release.kept``
    SHA256SUMS                                               their digests, as in a release; the metadata vouch for it

A folder is never changed. It comes into place by one rename, just before the first release that this code made, so it can
only be without a release if a publication was cut short; the next one removes it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, differences
from cbrn_data.store.history import CODE

DIGEST = re.compile(r"[0-9a-f]{64}")


def code_digest(info: Mapping[str, Any]) -> str | None:
    """Return the digest of the code that a ``release.json`` records, None if it has none."""
    code = info.get("code")
    found = code.get("digest") if isinstance(code, Mapping) else None
    return found if isinstance(found, str) and DIGEST.fullmatch(found) else None


def is_of_signed_store(info: Mapping[str, Any]) -> bool:
    """Return whether the code that made a release signs metadata of its store: such code records that of the pages too."""
    code = info.get("code")
    return isinstance(code, Mapping) and "pages" in code


def code_folders(published: Path, releases: Iterable[Release]) -> dict[str, Path]:
    """Return the folders of the code that made these releases, by digest. Raises ReleaseError for one that was changed."""
    found = {}
    for digest in sorted({digest for release in releases if (digest := code_digest(release.info))}):
        folder = published / CODE / digest
        if disk.mode(folder):
            if not stat.S_ISDIR(disk.mode(folder)):
                raise ReleaseError(f"{folder}: is not a folder, or is a link to one; restore the real folder")
            if changed := differences(folder):
                raise ReleaseError(f"{folder}: {changed}. The code of a release is never edited: restore the folder")
            found[digest] = folder
    return found


def needless(published: Path, releases: Iterable[Release]) -> list[Path]:
    """Return the folders of code that no release names."""
    named = {code_digest(release.info) for release in releases}
    there = disk.entries(published / CODE).items() if stat.S_ISDIR(disk.mode(published / CODE)) else ()
    return [
        published / CODE / name
        for name, mode in there
        if name not in named and DIGEST.fullmatch(name) and stat.S_ISDIR(mode)
    ]


def sums_name(digest: str) -> str:
    """Return the name of the SHA256SUMS of a code in the store."""
    return f"{CODE}/{digest}/{SUMS}"
