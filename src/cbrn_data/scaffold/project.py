"""The files of a new project, which publishes at once: definitions, the countries, an example table, settings.

The definitions of the tables that leaflets fill, and the list of countries to which leaflets refer, are those of this
project. An installed package has a copy of them in ``definitions``, which the build puts there; a checkout has them in
``schemas`` and ``raw``.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from cbrn_data.errors import CbrnDataError
from cbrn_data.intake.write import About, entry_of, sidecar_text
from cbrn_data.scaffold.settings_file import settings_text
from cbrn_data.settings import FILE
from cbrn_data.tables.check_definitions import TABLES

_GITIGNORE = "# Keys are secret, and reviews are for you alone.\n*.pem\n*.review.html\n.venv/\n"
_GITATTRIBUTES = """\
# No line end is ever changed in these files: their digests are signed.
raw/** -text
schemas/** -text
published/** -text
"""
_KEPT = {".git"}
_COUNTRIES = ("countries.csv", "countries.csv.yaml")


def make_project(folder: Path, day: str) -> list[str]:
    """Write a new project into ``folder``, which is made if it is missing; return the names of the files.

    ``day`` (YYYY-MM-DD) is that of the example's sidecar. Raises CbrnDataError if the folder is not empty; a new repository
    of git counts as empty.
    """
    if folder.is_dir() and (there := sorted({path.name for path in folder.iterdir()} - _KEPT)):
        raise CbrnDataError(f"{folder}: is not empty (it has {there[0]}); name an empty or a new folder")
    made = _files(day)
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return list(made)


def _files(day: str) -> dict[str, bytes]:
    """Return the bytes of each file by its name."""
    example = files("cbrn_data.scaffold") / "example"
    rows = (example / "examples.csv").read_bytes()
    named = {"table": "examples", "title": "Invented rows; replace this file", "publisher": "Example publisher"}
    entry = entry_of("examples", "curated", About(today=day), **named)
    return {
        FILE: settings_text().encode(),
        ".gitattributes": _GITATTRIBUTES.encode(),
        ".gitignore": _GITIGNORE.encode(),
        "raw/examples.csv": rows,
        "raw/examples.csv.yaml": sidecar_text(entry, rows),
        "schemas/package.yaml": (example / "package.yaml").read_bytes(),
        "schemas/examples.yaml": (example / "examples.yaml").read_bytes(),
        **{f"raw/{name}": _ours("raw", name) for name in _COUNTRIES},
        **{f"schemas/{name}.yaml": _ours("schemas", f"{name}.yaml") for name in sorted(TABLES)},
    }


def _ours(folder: str, name: str) -> bytes:
    """Return the bytes of a file that this project has in ``folder``."""
    installed = files("cbrn_data") / "definitions"
    return ((installed if installed.is_dir() else Path(__file__).parents[3] / folder) / name).read_bytes()
