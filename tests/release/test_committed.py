"""What committed releases hold is built again, byte for byte, from the sources that each of them keeps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cbrn_data.pipeline import build, gather
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from tests.conftest import PROJECT

RELEASES = [
    path for path in sorted((PROJECT / "published/releases").iterdir()) if (path / "schemas/project_listings.yaml").exists()
]
"""The releases whose definitions have every table that the code fills; older ones need the code that made them."""


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_sources_of_a_release_give_its_tables(release: Path, tmp_path: Path) -> None:
    shutil.copytree(release / "sources", tmp_path / "raw")
    shutil.copytree(release / "schemas", tmp_path / "schemas")
    content = build(gather(Settings(tmp_path, tmp_path / "published"))).content
    files = {name: data for name, data in content.files.items() if name.endswith((".csv", ".json")) and "/" not in name}
    assert {f"{name}.{form}" for name in content.counts for form in ("csv", "json")} | {"cbrn-data.json"} == files.keys()
    assert [name for name, data in files.items() if disk.sha256_of(data) != disk.digest(release / name)] == []
