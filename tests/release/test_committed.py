"""What committed releases hold is built again, byte for byte, from the sources that each of them keeps."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cbrn_data.pipeline import build, gather
from cbrn_data.settings import Settings
from cbrn_data.signing.keys import fingerprint
from cbrn_data.store import disk
from cbrn_data.store.history import read_history
from cbrn_data.verify.signature import signed_by
from cbrn_data.verify.vouched import around
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.docs.pages import blocks

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


def test_the_readme_has_the_fingerprints_and_their_history() -> None:
    rows, before = [], ""
    for release in read_history(PROJECT / "published"):
        signed = signed_by(release.folder, ())[0]
        rows += [f"| {release.version} | {release.date} | `{signed}` |"] if signed != before else []
        before = signed
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| [0-9.]+ \| [0-9-]{10} \| `[0-9a-f]{64}` \|$", readme) == rows
    keys = around(PROJECT / "published/latest", ()).keys()
    assert [fingerprint(key) for key in keys] == [before]


@pytest.mark.parametrize("page", ["key.md", "audit.md"])
def test_the_first_commands_of_a_page_work_on_the_project_itself(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "published").symlink_to(PROJECT / "published")
    monkeypatch.chdir(tmp_path)
    for line in blocks(PROJECT / "docs" / page)[0].code.splitlines():
        program, *arguments = shlex.split(line)
        if program == "cbrn-data":
            assert run(*arguments).code == 0
        else:
            subprocess.run(line, shell=True, check=True)
