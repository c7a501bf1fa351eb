"""The code of a release is found in a git history, by the digest that the code of each commit computes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cbrn_data.errors import CbrnDataError
from cbrn_data.release.code import FOLDER, code_version
from cbrn_data.release.commits import find_code
from tests.conftest import PROJECT


def test_the_newest_commit_with_the_digest_is_found_with_its_lock(tmp_path: Path) -> None:
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example")
    shutil.copytree(
        FOLDER, tmp_path / "src/cbrn_data", ignore=shutil.ignore_patterns("__pycache__", "definitions", "run.lock")
    )
    (tmp_path / "requirements").mkdir()
    lock = (PROJECT / "requirements/run.lock").read_bytes()

    def commit() -> str:
        for command in (["add", "."], ["commit", "-qm", "one"]):
            subprocess.run([*git, *command], check=True)
        return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "requirements/run.lock").write_bytes(b"pandas==1\n")
    commit()
    (tmp_path / "requirements/run.lock").write_bytes(lock)
    wanted = commit()
    (tmp_path / "src/cbrn_data/release/notes.py").write_text("")
    commit()
    unknown = {**code_version(), "digest": "0" * 64}
    found = find_code(tmp_path, [code_version(), unknown])
    ((digest, (name, files)),) = found.items()
    assert (digest, name) == (code_version()["digest"], wanted)
    assert files["run.lock"] == lock and json.loads(files["code.json"])["commit"] == wanted


def test_a_folder_without_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match="is not a git repository"):
        find_code(tmp_path, [code_version()])
