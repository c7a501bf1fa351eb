"""A stranger's release, signed by nobody who is known: whatever is in it, its audit ends soon, in bounded memory."""

from __future__ import annotations

import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, Root

from cbrn_data.checks import run
from cbrn_data.errors import UntrustedError, VerificationError
from cbrn_data.normalise.text import Span
from cbrn_data.schema import table
from cbrn_data.sources.document import Document
from cbrn_data.store.folder import read_release
from cbrn_data.strict_json import parse
from cbrn_data.trust.client import in_folder, trusted
from cbrn_data.trust.roles import written
from cbrn_data.verify.code import lock_faults
from cbrn_data.verify.derived import _zip_faults
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import FAILED, MOST, Result, checked
from tests.conftest import PROJECT
from tests.history import OTHER
from tests.verify import forging

LAST = "releases/1.1.1"
MORE_MEMORY = 400 << 10
"""The most KiB that an audit of a hostile release may take in addition."""


def append(name: str, data: bytes) -> Callable[[Path], object]:
    def spoil(release: Path) -> None:
        with (release / name).open("ab") as file:
            file.write(data)

    return spoil


def widen(release: Path) -> None:
    path = release / "projects.csv"
    path.write_bytes(b"," * 3_000_000 + path.read_bytes())


def nest(release: Path) -> None:
    (release / "/".join("d" * 400)).mkdir(parents=True)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "millions of columns": (widen, "3,000,011 columns"),
    "millions of ragged rows": (append("projects.csv", b"a\n" * 4_000_000), "more than 10,000 malformed records"),
    "a quotation mark that nobody closes": (append("regions.csv", b'"' + b"a,\n" * 8_000_000), "malformed records"),
    "folders in folders": (nest, "'d' was added"),
    "millions of cells": (append("sources/projects.csv", b"," * 4_000_000), "make a bulk table"),
    "millions of lines": (append("sources/central-asia-2025.txt", b"a-\nb " * 1_000_000), "make a bulk table"),
}


@pytest.mark.parametrize("story", HOSTILE)
def test_the_audit_of_a_stranger_ends_soon_in_bounded_memory(story: str, store: Path) -> None:
    spoil, said = HOSTILE[story]
    spoil(store / LAST)
    forging.resum(store / LAST)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = list(ReleaseAudit(store / LAST, []).run())
    assert said in " ".join(each.detail for each in results if each.result == FAILED)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MORE_MEMORY


def test_rows_of_all_tables_share_one_limit(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, is_enough in ((4 << 20, True), (50_000, False)):
        monkeypatch.setattr(table.Room.__init__, "__defaults__", (limit,))
        details = " ".join(each.detail for each in ReleaseAudit(three / LAST, []).run() if each.result == FAILED)
        assert ("too many rows to hold in memory" in details) is not is_enough, details


def test_faults_without_end_are_cut(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(checked("1.0.0", "files", lambda: (f"{number}" for number in iter(int, 1)), ""))
    assert len(found) == MOST + 1 and "there are more" in found[-1].detail
    monkeypatch.setattr(run, "FOUND_AT_MOST", 2)
    (store / LAST / "sources/central-asia-2025.txt").write_bytes(b"nothing\n")
    forging.resum(store / LAST)
    evidence = [each for each in ReleaseAudit(store / LAST, []).run() if (each.check, each.result) == ("evidence", FAILED)]
    assert len(evidence) == 2


def test_no_result_has_a_character_that_a_terminal_obeys() -> None:
    result = Result("\x1b[31mevil\u202e", "rebuild", FAILED, "\x9b" + "a" * 5000)
    assert (result.subject, len(result.detail)) == (r"\x1b[31mevil\u202e", 1003)


def test_words_and_pages_of_a_long_text_are_found_by_place() -> None:
    document = Document("x", "capac-\nitated \f capac-\nitated capacitated \f end")
    first, second = document.text.index("capac"), document.text.rindex("capac-")
    assert document.words(Span(0, len(document.text))).startswith("capacitated \f capacitated capac")
    assert document.words(Span(second, second + 14)) == "capacitated "
    assert document.words(Span(first, first + 4)) == "capa"
    assert [document.page(at) for at in (0, 14, 15, len(document.text) - 1)] == [1, 1, 2, 3]


def test_a_root_of_another_version_is_refused(three: Path, tmp_path: Path) -> None:
    metadata = Path(shutil.copytree(three / "metadata", tmp_path / "metadata"))
    key = SSlibKey.from_crypto(OTHER.public_key())
    root = Metadata[Root].from_bytes((metadata / "1.root.json").read_bytes()).signed
    for role in root.roles.values():
        role.keyids = [key.keyid]
    root.keys, root.version = {key.keyid: key}, 10**12
    signed = Metadata(root)
    signed.sign(CryptoSigner(OTHER, key))
    (metadata / "1.root.json").write_bytes(written(signed))
    (tmp_path / "kept").mkdir()
    with pytest.raises(VerificationError, match="says that it is version 1000000000000"):
        trusted(in_folder(metadata), tmp_path / "kept")
    with pytest.raises(UntrustedError):
        trusted(in_folder(tmp_path), tmp_path / "kept")


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"a\udfff": 1}', "1e999", "-1e999", "NaN", '{"a": 1, "a": 2}', "9" * 5000])
def test_what_no_json_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text.encode())
    assert parse(b'"\\u00e9\\ud83d\\ude00"') == "é😀"


# --- the ZIP file of a release


def pack(path: Path, release: Path, more: tuple[tuple[str, bytes], ...] = (), kind: int = zipfile.ZIP_DEFLATED) -> str:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for file in sorted(each for each in release.rglob("*") if each.is_file()):
            archive.write(file, file.relative_to(release).as_posix())
        for name, data in more:
            archive.writestr(name, data)
    return forging.digest(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_file_is_that_of_its_release(three: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(three / LAST, store / LAST)
    release, path = read_release(store / LAST), store / "x.zip"
    assert not list(_zip_faults(release, "x.zip", pack(path, release.folder)))
    bomb, twin = (("regions.csv", b"0" * 50_000_000),), (("projects.csv", b"other"),)
    many = tuple((f"{number}", b"") for number in range(3000))
    for more in (bomb, twin, many, (("../x", b""),)):
        assert list(_zip_faults(release, "x.zip", pack(path, release.folder, more))), more[0][0]
    assert list(_zip_faults(release, "x.zip", pack(path, release.folder, kind=zipfile.ZIP_LZMA)))
    path.write_bytes(b"no archive")
    assert list(_zip_faults(release, "x.zip", forging.digest(path)))


# --- the lock of recorded code

HASH = f"--hash=sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://x.example",
        "--no-binary :all:",
        "-r other.txt",
        "a==1",
        "a>=1 " + HASH,
        "a @ https://x.example/a.whl " + HASH,
        "-e . " + HASH,
        "./a.whl " + HASH,
        f"a==1 {HASH} --find-links x",
        f"a==1 {HASH}\x0b--no-binary :all:",
        f"a==1 \\\n --trusted-host x {HASH}",
        f"a==1 {HASH} # note",
        f"# -*- coding: utf-7 -*-\na==1 {HASH}",
        f"a==${{HOME}} {HASH}",
        "\ufeffa==1 " + HASH,
    ],
)
def test_a_lock_has_libraries_with_hashes_and_no_options(line: str) -> None:
    assert list(lock_faults(line.encode()))
    assert not list(
        lock_faults(f"# made by a tool\na[b]==1.0 ; python_version < '3.12' \\\n    {HASH}\n    # via b\n".encode())
    )


def test_the_lock_of_this_project_is_one() -> None:
    assert not list(lock_faults((PROJECT / "requirements/run.lock").read_bytes()))
