"""Rebuild a release with the code that made it, which the store keeps (``store.code``).

Running code is riskier than checking bytes. So it needs the auditor's consent (``--run-recorded-code``), a pinned key, and
metadata signed with that key that vouch for the code. The environment has exactly the libraries of the lock, by their hashes
and only as wheels, so that nothing is run to install them, and the wheel of the code. The code itself runs without network,
where the system allows a process to give it up, and without the auditor's environment variables. Its result is compared
here, by our code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from cbrn_data.errors import VerificationError
from cbrn_data.findings import shown
from cbrn_data.release.kept import LOCK, RECORD
from cbrn_data.release.rebuild import MADE
from cbrn_data.store import disk
from cbrn_data.store.code import code_digest
from cbrn_data.store.folder import Release, differences
from cbrn_data.store.history import CODE, METADATA
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.code import SMALL, lock_faults
from cbrn_data.verify.results import CODE_CHECK, FAILED, PASSED, STORE, Result

OPTION = "--run-recorded-code"
SECONDS = 3600
"""The most seconds of one step: to make an environment, or to make a release."""
_TAIL = 1 << 14
"""The bytes of the errors of a step that are read."""
NO_NETWORK = ("unshare", "--map-root-user", "--net", "--")

PROGRAM = """
import sys
from pathlib import Path
try:
    from cbrn_data.release.rebuild import main
except ImportError:
    from cbrn_data.store.folder import read_release
    from cbrn_data.verify.rebuild import _make

    def main(release, place, previous=None):
        files = _make(read_release(Path(release)), Path(previous) if previous else None, Path(place))
        Path(place, "made", "report.json").write_bytes(files["report.json"])
main(*sys.argv[1:])
"""
"""Makes a release, in the environment of its code. Before 2.1.0, another function does this, with the same result."""


class RecordedCode:
    """The code in the store ``published``; ``place`` has the environment of the code that was used last."""

    def __init__(self, published: Path, place: Path) -> None:
        self._published = published
        self._place = place
        self._made: tuple[str, Path] | None = None

    def rebuild(self, release: Release, previous: Path | None, place: Path) -> Path:
        """Make a release in the empty folder ``place`` and return the folder of its files. Raises VerificationError."""
        digest = code_digest(release.info)
        assert digest
        if self._made is None or self._made[0] != digest:
            self._made = digest, self._environment(digest)
        python = self._made[1]
        paths = [str(path.resolve()) for path in (release.folder, place, previous) if path]
        home = self._place / "home"
        home.mkdir(exist_ok=True)
        environment = {"PATH": os.defpath, "HOME": str(home), "CBRN_DATA_STATE": str(home), "TMPDIR": str(self._place)}
        _run([*without_network(), str(python), "-I", "-c", PROGRAM, *paths], "the recorded code", environment)
        return place / MADE

    def _environment(self, digest: str) -> Path:
        """Make the environment of a code and return its Python. Raises VerificationError."""
        files, environment = self._place / "code", self._place / "environment"
        for folder in (files, environment):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._published / CODE / digest, files, symlinks=True)
        if changed := differences(files):
            raise VerificationError(f"{CODE}/{digest}: {changed}")
        if changed := next(lock_faults(disk.read(files / LOCK, SMALL)), ""):
            raise VerificationError(f"{CODE}/{digest}: {changed}")
        wheels = [str(files / name) for name in disk.entries(files) if name.endswith(".whl")]
        about = parse_object(files / RECORD, disk.read(files / RECORD))
        made_with = f" (it was made with Python {shown(str(about['python']), 10)})" if about.get("python") else ""
        make_environment(environment)
        python = environment / "bin" / "python"
        pip = [*_pip_for(python), "install", "--quiet", "--no-deps", "--no-compile", "--no-input"]
        locked = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(files / LOCK)]
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        _run([*pip, *locked], f"the installation of the recorded libraries{made_with}", ours)
        _run([*pip, "--no-index", *wheels], "the installation of the recorded code", ours)
        return python


def make_environment(folder: Path) -> None:
    """Make an empty Python environment; it gets its own pip only if this Python has none. Raises VerificationError."""
    options = ["--without-pip"] if find_spec("pip") else []
    _run([sys.executable, "-m", "venv", *options, str(folder)], "the making of an environment")


def _pip_for(python: Path) -> list[str]:
    """Return the command for the pip of an environment, see ``make_environment``; copying pip into it takes seconds."""
    here = [sys.executable, "-I", "-m", "pip", "--python", str(python)]
    return here if find_spec("pip") else [str(python), "-I", "-m", "pip"]


@cache
def without_network() -> tuple[str, ...]:
    """Return the command that runs another one without network; empty if this system does not allow it."""
    try:
        done = subprocess.run([*NO_NETWORK, "true"], capture_output=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return NO_NETWORK if done.returncode == 0 else ()


def _run(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> None:
    with TemporaryFile() as said:  # not in memory: it can be of any size
        try:
            done = subprocess.run(  # noqa: S603 - what the auditor asked for
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                timeout=SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise VerificationError(f"{what} takes more than {SECONDS:,} seconds") from error
        said.seek(max(0, said.seek(0, os.SEEK_END) - _TAIL))
        last = said.read().decode(errors="replace")
    if done.returncode:
        lines = last.strip().splitlines() or [f"exit code {done.returncode}"]
        raise VerificationError(f"{what} failed: {shown(lines[-1], 200)}")


@contextmanager
def recorded_code(published: Path) -> Iterator[RecordedCode]:
    """Yield the code in a store, ready to run."""
    with TemporaryDirectory(prefix="cbrn-data-", ignore_cleanup_errors=True) as place:
        yield RecordedCode(published, Path(place))


def obstacle(release: Release, published: Path | None, asked: bool, pinned: bool, results: Sequence[Result]) -> str | None:
    """Return why the code of a release is not run, with what is needed; None if it may run.

    ``published`` is its store, None if one release is verified; ``asked``: with the option; ``results`` are those so far.
    """
    found = release.info.get("code")
    code: Mapping[str, Any] = found if isinstance(found, dict) else {}
    digest = code_digest(release.info)
    name = shown(f"{code.get('name')} {code.get('version')} ({str(code.get('digest'))[:12]})", 120)
    if published is None:
        return f"needs code {name}; verify the whole store, which keeps it"
    if not digest or not disk.mode(published / CODE / digest):
        return f"needs code {name}, which is not in this store"
    if not asked:
        return f"needs code {name}; {OPTION} with pinned keys makes its environment and runs it"
    passed = {(result.subject, result.check) for result in results if result.result == PASSED}
    failed = {result.check for result in results if result.subject == STORE and result.result == FAILED}
    is_vouched = {(STORE, METADATA), (STORE, CODE_CHECK), (release.version, "signature")} <= passed
    if not pinned or not is_vouched or failed & {METADATA, CODE_CHECK}:
        return f"needs code {name}, which was not run, because no pinned key vouches for it"
    return None
