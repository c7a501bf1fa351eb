"""Where keys are pinned, the signature comes first: nothing else of a stranger's release is opened."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data import foreign
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import FAILED, NOT_CHECKED
from cbrn_data.verify.store import verify_store
from tests.verify import forging

OWN, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (11, 12))


@pytest.fixture
def release(published: Path, tmp_path: Path) -> Path:
    """A copy of a release, signed by a key of the test's own."""
    (folder,) = (published / "releases").iterdir()
    copied = Path(shutil.copytree(folder, tmp_path / "published/releases" / folder.name))
    forging.resign(copied, OWN)
    return copied


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the files that were opened."""
    names: set[str] = set()
    real = foreign.open_regular

    def noted(path: Path, below: Path | None = None) -> int:
        names.add(path.name)
        return real(path, below)

    monkeypatch.setattr(foreign, "open_regular", noted)
    return names


def deep(path: Path) -> None:
    path.write_bytes(b"[" * 60_000)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT: dict[str, Callable[[Path], object]] = {
    "another key": lambda release: forging.resign(release, OTHER),
    "sums changed": lambda release: forging.flip(release / "SHA256SUMS"),
    "deep envelope": lambda release: deep(release / "attestation.json"),
    "pipe for the envelope": lambda release: pipe(release / "attestation.json"),
    "pipe for the sums": lambda release: pipe(release / "SHA256SUMS"),
    "no envelope": lambda release: (release / "attestation.json").unlink(),
}


@pytest.mark.parametrize("story", SPOILT)
def test_nothing_else_is_read_where_no_pinned_key_vouches(story: str, release: Path, opened: set[str]) -> None:
    SPOILT[story](release)
    opened.clear()
    results = [*ReleaseAudit(release, [OWN.public_key()]).run()]
    assert [(result.check, result.result) for result in results] == [("signature", FAILED), ("files", NOT_CHECKED)]
    assert opened <= {"attestation.json", "SHA256SUMS"}
    opened.clear()
    results = [*verify_store(release.parent.parent, [OWN.public_key()])]
    assert [(result.check, result.result) for result in results][-1] == ("chain", NOT_CHECKED)
    assert opened <= {"attestation.json", "SHA256SUMS"}


@pytest.mark.parametrize(
    "name",
    [
        "release.json",
        "report.json",
        "datapackage.json",
        "cbrn-data.json",
        "schemas/package.yaml",
        "schemas/projects.yaml",
        "sources/projects.csv.yaml",
        "sources/central-asia-2025.txt.yaml",
    ],
)
@pytest.mark.parametrize("pinned", [True, False], ids=["pinned", "not pinned"])
def test_brackets_without_end_are_a_fault_and_no_crash(release: Path, name: str, pinned: bool) -> None:
    deep(release / name)
    forging.resum(release)
    results = [*ReleaseAudit(release, [OWN.public_key()] if pinned else []).run()]
    assert FAILED in {result.result for result in results}
    assert next(result.check for result in results) == ("signature" if pinned else "files")


@pytest.mark.parametrize(
    "path",
    ["sources/../../../../../../../../etc/passwd", "/etc/passwd", "schemas/package.yaml", "sources/", "sources/nothing.csv"],
)
def test_no_name_in_a_table_leads_out_of_the_sources(release: Path, path: str, opened: set[str]) -> None:
    def change(rows: forging.Rows) -> None:
        rows["sources"][0]["path"] = path

    forging.edit_rows(release, change)
    opened.clear()
    results = [*ReleaseAudit(release, []).run()]
    assert "sources" in {result.check for result in results if result.result == FAILED}
    assert "passwd" not in opened
    assert not any("root:" in result.detail for result in results)
