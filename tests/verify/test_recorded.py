"""Releases of two versions of the code, each rebuilt with the code that made it, from what the store keeps."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from cbrn_data import __version__
from cbrn_data.release.code import FOLDER
from cbrn_data.signing.keys import public_pem
from cbrn_data.store.folder import read_release
from cbrn_data.verify import rebuild, recorded
from cbrn_data.verify.results import FAILED, PASSED, Result
from tests.cli.conftest import run
from tests.conftest import PROJECT, copy_sources
from tests.history import OWN, write_key
from tests.verify import forging

PUBLISH_WITHOUT_PAGES = """
from cbrn_data import pipeline
from cbrn_data.cli import main
pipeline.pages = lambda releases, base_url: {}
main()
"""


def version_of_the_code(place: Path, word: str) -> Path:
    """Make a checkout whose code writes another word into the notes of a release."""
    shutil.copytree(FOLDER, place / "src/cbrn_data")  # with what is compiled, which takes long
    shutil.copytree(PROJECT / "schemas", place / "schemas")
    (place / "requirements").mkdir()
    shutil.copy(PROJECT / "requirements/run.lock", place / "requirements")
    forging.replace(place / "src/cbrn_data/release/notes.py", "Completeness of projects", word)
    return place / "src"


def publish_with(code: Path, root: Path, key: str, epoch: str) -> None:
    """Publish with another code, in a process of its own, without pages."""
    environment = {**os.environ, "PYTHONPATH": str(code), "CBRN_DATA_SIGNING_KEY": key, "SOURCE_DATE_EPOCH": epoch}
    subprocess.run([sys.executable, "-c", PUBLISH_WITHOUT_PAGES, "publish", "--root", root], env=environment, check=True)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A ``published/`` with 1.0.0 and 1.1.0, made by two versions of the code, neither of them ours."""
    root = copy_sources(tmp_path / "root")
    key = str(write_key(tmp_path / "key.pem", OWN))
    publish_with(version_of_the_code(tmp_path / "a", "Eins"), root, key, "1795305600")
    assert run("add", PROJECT / "tests/leaflets/central-asia-2026.txt", "--root", root).code == 0
    publish_with(version_of_the_code(tmp_path / "b", "Zwei"), root, key, "1795392000")
    (tmp_path / "trusted.pem").write_bytes(public_pem(OWN.public_key()))
    return root / "published"


@pytest.fixture
def libraries_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each new environment see the libraries that are installed here, so that pip has nothing to fetch.

    pip still refuses them unless they are exactly those of the lock; the code itself comes from its wheel.
    """
    make = recorded.make_environment

    def borrowing(folder: Path) -> None:
        make(folder)
        (place,) = folder.glob("lib/python*/site-packages")
        (place / "borrowed.pth").write_text(f"{Path(pandas.__file__).parent.parent}\n")

    monkeypatch.setattr(recorded, "make_environment", borrowing)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.mark.usefixtures("libraries_at_hand")
def test_each_release_is_rebuilt_by_the_code_that_made_it(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "pages", lambda releases, base_url: {})

    def verified(*options: str, pins: str = "") -> tuple[int, dict[str, str]]:
        done = run("verify", two, "--rebuild", *options, "--json", CBRN_DATA_TRUSTED_KEYS=pins)
        found = done.json["results"]
        assert ("--run-recorded-code" in done.json["options"]) == ("--run-recorded-code" in options)
        return done.code, {each["subject"]: each["detail"] for each in found if each["check"] in ("rebuild", "code")}

    pins = str(tmp_path / "trusted.pem")
    assert len(list((two / "code").iterdir())) == 2
    code, said = verified(pins=pins)
    assert code == 1 and said["store"] == "the code of 2 of 2 releases is here"
    for version in ("1.0.0", "1.1.0"):
        digest = read_release(two / "releases" / version).info["code"]["digest"]
        assert said[version].startswith(f"needs code cbrn_data {__version__} ({digest[:12]}); --run-recorded-code with")

    code, said = verified("--run-recorded-code", pins=pins)
    assert code == 0, said
    assert said["1.0.0"] == said["1.1.0"] and said["1.0.0"].startswith("every file has the same bytes, made by its own code")
    first, second = (two / "releases" / version for version in ("1.0.0", "1.1.0"))
    with_ours = {result.detail for result in rebuild.rebuild_release(second, first) if result.result == FAILED}
    assert "CHANGES.md differs from the rebuild" in with_ours

    recorded.make_environment(tmp_path / "work/env")
    commands = re.search(r"(?s)```\n(CODE=.*?)```", (PROJECT / "docs/audit.md").read_text(encoding="utf-8"))
    assert commands
    by_hand = commands[1].replace("python3 -m venv $WORK/env\n", "").replace("1.1.0", "1.0.0").replace("1.1.1", "1.1.0")
    work = {**os.environ, "WORK": str(tmp_path / "work"), "PYTHONPATH": ""}
    done = subprocess.run(["sh", "-eu", "-c", by_hand], cwd=two, env=work, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

    forging.flip(next((two / "code").glob("*/*.whl")))
    code, said = verified("--run-recorded-code", pins=pins)
    assert code == 1 and "was changed" in said["store"]
    assert "was not run, because no pinned key vouches for it" in said["1.0.0"] + said["1.1.0"]


def test_code_is_not_run_without_pinned_keys_or_a_rebuild(three: Path, pins: Path) -> None:
    for options, trusted in (("--rebuild",), ""), ((), str(pins)):
        done = run("verify", three, "--run-recorded-code", *options, CBRN_DATA_TRUSTED_KEYS=trusted)
        assert done.code == 2 and "--run-recorded-code needs --rebuild" in " ".join(done.err.split())


def test_what_is_needed_to_run_code_is_said(three: Path, tmp_path: Path) -> None:
    release = read_release(three / "releases/1.0.0")
    passed = (("store", "metadata"), ("store", "code"), ("1.0.0", "signature"))
    good = [Result(subject, check, PASSED, "") for subject, check in passed]
    assert recorded.obstacle(release, three, True, True, good) is None
    said = [
        recorded.obstacle(release, None, True, True, good),
        recorded.obstacle(release, tmp_path, True, True, good),
        recorded.obstacle(release, three, False, True, good),
        recorded.obstacle(release, three, True, False, good),
        *(recorded.obstacle(release, three, True, True, [*good[:at], *good[at + 1 :]]) for at in range(3)),
        recorded.obstacle(release, three, True, True, [*good, Result("store", "code", FAILED, "")]),
    ]
    words = [
        "verify the whole store",
        "is not in this store",
        "--run-recorded-code with pinned keys",
        *["no pinned key"] * 5,
    ]
    assert all(word in str(each) for word, each in zip(words, said, strict=True)), said


def test_recorded_code_has_no_network() -> None:
    if not recorded.without_network():
        pytest.skip("NOT PROVEN: this system lets no process give up the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        assert subprocess.run([sys.executable, "-c", program]).returncode == 0
        done = subprocess.run([*recorded.without_network(), sys.executable, "-c", program], capture_output=True)
        assert done.returncode != 0
