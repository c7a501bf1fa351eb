"""Find the code of earlier releases in a git history: the commit whose package has the digest that a release records.

The digest is computed by the code of each commit itself, in a process of its own, because its rule has changed. So this runs
code of commits, newest first, until each digest is found; of those with the same package, the newest, which has the lock in
its last state.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cbrn_data.errors import CbrnDataError
from cbrn_data.progress import tracked
from cbrn_data.release.code import NAME
from cbrn_data.release.kept import LOCK, fits, kept_files

PACKAGE = f"src/{NAME}"
LOCKS = (f"requirements/{LOCK}", "requirements.lock")
"""Where a commit has its lock, newest place first."""

DIGEST = """
import json, sys
place, libraries = sys.argv[1], json.loads(sys.argv[2])
sys.path.insert(0, place)
import cbrn_data.release.code as code
code.installed = lambda name: libraries.get(name, "")
print(code.code_version()["digest"])
"""
"""Prints the digest of a package; the versions of libraries are those that a release records."""


@dataclass(frozen=True)
class Commit:
    """A commit of a repository, with the bytes of its files by name."""

    name: str
    files: Mapping[str, bytes]

    def package(self) -> dict[str, bytes]:
        """Return the files of the package by their name in it.

        The definitions for new projects are left out, because they counted for the digest where a wheel had them.
        """
        return {
            name.removeprefix(f"{PACKAGE}/"): data for name, data in self.files.items() if name.startswith(f"{PACKAGE}/")
        }

    def lock(self) -> bytes:
        """Return the lock of the libraries, empty if there is none."""
        return next((self.files[name] for name in LOCKS if name in self.files), b"")

    def digest(self, libraries: Mapping[str, str]) -> str:
        """Return the digest of the code as the code of this commit computes it; empty if it cannot."""
        with TemporaryDirectory(prefix="cbrn-data-") as place:
            for name, data in self.package().items():
                path = Path(place, NAME, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            command = [sys.executable, "-I", "-c", DIGEST, place, json.dumps(dict(libraries))]
            done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - the code of the repository
        return done.stdout.strip()


def find_code(repository: Path, wanted: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, dict[str, bytes]]]:
    """Return, by digest, the commit of each code that releases record, and its files; without those that are not found.

    Raises CbrnDataError if the repository has no history.
    """
    found: dict[str, tuple[str, dict[str, bytes]]] = {}
    names = _git(repository, "log", "--format=%H").decode().split()
    seen: set[bytes] = set()
    for name in tracked("Look at the commits", names, len(names)):
        missing = [code for code in wanted if code["digest"] not in found]
        if not missing:
            break
        tree = _git(repository, "ls-tree", "-d", name, PACKAGE)
        if not tree or tree in seen:
            continue
        seen.add(tree)
        commit = Commit(name, dict(_files(repository, name)))
        fitting = [code for code in missing if fits(code["libraries"], commit.lock())]
        for libraries in {json.dumps(code["libraries"], sort_keys=True) for code in fitting}:
            digest = commit.digest(json.loads(libraries))
            for code in fitting:
                if code["digest"] == digest:
                    found[digest] = name, kept_files(code, name, commit.package(), commit.lock())
    return found


def _files(repository: Path, commit: str) -> Iterator[tuple[str, bytes]]:
    there = _git(repository, "ls-tree", "--name-only", commit, PACKAGE, *LOCKS).decode().split()
    with tarfile.open(fileobj=io.BytesIO(_git(repository, "archive", commit, *there))) as archive:
        for member in archive:
            if file := archive.extractfile(member):
                yield member.name, file.read()


def _git(repository: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(repository), *arguments],  # noqa: S607
            capture_output=True,
            check=True,
        ).stdout
    except OSError as error:
        raise CbrnDataError("git is not installed; install it") from error
    except subprocess.CalledProcessError as error:
        raise CbrnDataError(f"{repository}: is not a git repository of the code: {error.stderr.decode().strip()}") from error
