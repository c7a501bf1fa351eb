"""``cbrn-data keep-code``: add the code of earlier releases to the store, from the history of its repository."""

from __future__ import annotations

from pathlib import Path

from cbrn_data import pipeline
from cbrn_data.cli.show import show_table
from cbrn_data.errors import CbrnDataError
from cbrn_data.release.commits import find_code
from cbrn_data.settings import read_settings
from cbrn_data.store import disk
from cbrn_data.store.code import code_digest, code_folders, sums_name
from cbrn_data.store.folder import checksums


def keep_code_now(repository: Path, root: Path, published: Path | None) -> None:
    """Find the code of each release that the store does not keep, add it, and print what was found.

    Raises CbrnDataError if the code of a release was not found; what was found is added.
    """
    settings = read_settings(root, published)
    releases = pipeline.open_store(settings).releases()
    there = code_folders(settings.published, releases)
    missing = {digest: release for release in releases if (digest := code_digest(release.info)) and digest not in there}
    found = find_code(repository, [release.info["code"] for release in missing.values()]) if missing else {}
    sums = {
        sums_name(digest): disk.sha256_of(checksums({name: disk.sha256_of(data) for name, data in files.items()}))
        for digest, (_, files) in found.items()
    }
    with pipeline.open_store(settings, code=lambda: {**pipeline.own_code(), **sums}).writing() as writer:
        writer.add_code({digest: writer.stage(files) for digest, (_, files) in found.items()})
    rows = [
        (release.version, digest[:12], "kept" if digest in there else found[digest][0] if digest in found else "not found")
        for release in releases
        if (digest := code_digest(release.info))
    ]
    show_table(("release", "code", "commit"), rows)
    if lost := [release.version for digest, release in missing.items() if digest not in found]:
        raise CbrnDataError(f"{repository}: no commit has the code of {', '.join(lost)}")
