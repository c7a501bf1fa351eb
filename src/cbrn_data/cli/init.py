"""``cbrn-data init``: make a new project."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from cbrn_data.cli.show import console
from cbrn_data.findings import shown
from cbrn_data.scaffold.project import make_project
from cbrn_data.settings import FILE, release_date


def init_project(folder: Path) -> None:
    """Write the files of a new project, and print what to do next."""
    names = make_project(folder, release_date())
    out = console()
    definitions = sum(name.startswith("schemas/") for name in names)
    out.print(f"{shown(str(folder.resolve()))}: a new project ({len(names)} files, {definitions} of them definitions).")
    out.print("raw/examples.csv and schemas/examples.yaml are an invented example: replace them by your own table.")
    out.print(f"schemas/package.yaml describes the data; {FILE} has the settings. Next:")
    if folder.resolve() != Path.cwd():
        out.print(f"  cd {shown(quote(str(folder)))}")
    out.print("  cbrn-data plan                  # show what would be published")
    out.print("  cbrn-data publish               # make the first release")
    out.print("  cbrn-data new-table FILE.csv    # propose the definition of your own table")
