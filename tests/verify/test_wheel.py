"""What the wheel of a code may hold, and that its digest is that of its folder."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from cbrn_data.release.code import code_version
from cbrn_data.release.kept import code_files
from cbrn_data.store.folder import checksums
from cbrn_data.verify.wheel import read_wheel, wheel_fault
from tests.conftest import PROJECT
from tests.verify import forging
from tests.verify.conftest import Verify

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def own() -> Files:
    """The files in the wheel of the running code."""
    (data,) = (data for name, data in code_files().items() if name.endswith(".whl"))
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes], *twice: str) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name in (*files, *twice):
            archive.writestr(name, files[name])
    return out.getvalue()


def fault(wheel: bytes) -> str:
    version = code_version()
    return read_wheel(io.BytesIO(wheel), version["digest"], json.dumps(version["libraries"]))


def adding(name: str, data: bytes = b"import os\n") -> Callable[[Files], Mapping[str, bytes]]:
    return lambda files: {**files, name: data}


NOT_PLAIN = "which is no plain file of the package"
HOSTILE = {
    "another module": (adding("cbrn_data/release/rebuild.py"), "does not have the digest of its folder"),
    "another list": (adding("cbrn_data/normalise/things.txt"), "does not have the digest of its folder"),
    "what runs at each start": (adding("more.pth"), NOT_PLAIN),
    "another package": (adding("sitecustomize/__init__.py"), NOT_PLAIN),
    "a script": (adding("cbrn_data-1.0.data/scripts/python"), NOT_PLAIN),
    "what was compiled": (adding("cbrn_data/release/__pycache__/rebuild.cpython-311.pyc"), NOT_PLAIN),
    "machine code": (adding("cbrn_data/release/rebuild.so"), NOT_PLAIN),
    "a way out": (adding("cbrn_data/../../x.py"), NOT_PLAIN),
    "a name from the root": (adding("/x.py"), NOT_PLAIN),
    "a name for a terminal": (adding("cbrn_data/\x1b[2J\u202e.py"), NOT_PLAIN),
    "a folder for a module": (adding("cbrn_data/release/rebuild/__init__.py"), "as a module and as a folder"),
    "much": (adding("cbrn_data/zero.txt", bytes(65 << 20)), "holds more than 67,108,864 bytes"),
    "no package": (lambda files: {"cbrn_data/x/y.py": b"", "cbrn_data/x/z.txt": b""}, "or lacks the package"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), HOSTILE.values(), ids=[*HOSTILE])
def test_only_the_code_itself_may_be_in_a_wheel(
    spoil: Callable[[Files], Mapping[str, bytes]], said: str, own: Files
) -> None:
    assert said in fault(packed(spoil(own)))


def test_the_running_code_is_kept_under_its_digest(own: Files) -> None:
    assert fault(packed(own)) == ""


def test_a_file_is_in_a_wheel_once(own: Files) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        wheel = packed(own, "cbrn_data/release/rebuild.py")
    assert "has a file twice" in fault(wheel)


def test_what_is_no_wheel_is_said() -> None:
    assert wheel_fault(b"PK", "0" * 64, "{}") == "cannot be read: File is not a zip file"


@pytest.mark.parametrize("digest", sorted(path.name for path in (PROJECT / "published/code").iterdir()))
def test_each_code_that_is_kept_has_its_digest(digest: str) -> None:
    folder = PROJECT / "published/code" / digest
    (wheel,) = folder.glob("*.whl")
    libraries = json.loads((folder / "code.json").read_bytes())["libraries"]
    with wheel.open("rb") as file:
        assert read_wheel(file, digest, json.dumps(libraries)) == ""


def test_a_wheel_of_other_code_is_found_though_everything_is_signed_for_it(store: Path, verify: Verify) -> None:
    (folder,) = (store / "code").iterdir()
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    wheel.write_bytes(packed({**files, "cbrn_data/release/notes.py": b"import os\n"}))
    names = [path.name for path in folder.iterdir() if path.name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_bytes(checksums({name: forging.digest(folder / name) for name in names}))
    forging.sign_anew(store)
    failed = verify(store).of("failed")
    assert failed.keys() == {"code"} and "whl does not have the digest of its folder" in failed["code"]
