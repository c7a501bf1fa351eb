"""The version of the code that makes a release: recorded in it, so that an auditor knows whether a rebuild is valid."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from typing import Any

from cbrn_data import __version__

LIBRARIES = (
    *"babel frictionless jinja2 jsonschema pandas pandera pyarrow pycountry pyyaml rdflib".split(),
    "vl-convert-python",
    "xlsxwriter",
)

CODE = (".py", ".yaml", ".csv", ".json", ".md", ".txt", ".j2", ".css", ".js", ".svg")
"""Extensions of the files of the digest, which excludes files that an editor or an interpreter creates."""

NOT_CODE = frozenset({"definitions"})
"""Folders that a release does not depend on: the definitions for new projects; a release has its own."""


@cache
def code_version() -> dict[str, Any]:
    """Return the code of a release: the version, a digest of this package's files, and the versions of libraries."""
    lines = []
    root = package_files("cbrn_data")
    for name, file in sorted(_files(root, "")):
        lines.append(f"{sha256(file.read_bytes()).hexdigest()}  {name}\n")
    return {
        "name": "cbrn_data",
        "version": __version__,
        "digest": sha256("".join(lines).encode()).hexdigest(),
        "libraries": {name: installed(name) for name in LIBRARIES},
    }


def _files(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _files(entry, f"{name}/") if name not in NOT_CODE and entry.name != "__pycache__" else []
        elif entry.name.endswith(CODE):
            found.append((name, entry))
    return found
