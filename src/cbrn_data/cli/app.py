"""The commands of ``cbrn-data`` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

Root = Annotated[Path, typer.Option("--root", help="The folder with raw/, schemas/ and published/.", show_default="here")]
Json = Annotated[bool, typer.Option("--json", help="Print for machines.")]


@app.callback()
def cbrn_data() -> None:
    """From leaflets to validated, versioned open data in which every cell leads back to its words."""


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Leaflets (.txt, .pdf) or curated tables (.csv).")],
    root: Root = Path(),
    edition: Annotated[str | None, typer.Option(help="The leaflet's year, where it does not name it.")] = None,
    table: Annotated[str | None, typer.Option(help="The table that a curated file completes.")] = None,
    title: Annotated[str | None, typer.Option(help="The source's title.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    url: Annotated[str | None, typer.Option(help="Where it was found; nothing is fetched.")] = None,
    licence: Annotated[str | None, typer.Option(help="The SPDX id of its licence, where one is stated.")] = None,
) -> None:
    """Put received files under raw/, each with its sidecar."""
    from cbrn_data.cli.sources import add_files

    add_files(files, root, edition=edition, table=table, title=title, publisher=publisher, url=url, licence=licence)


@app.command()
def extract(file: Annotated[Path, typer.Argument(help="A leaflet as text.")]) -> None:
    """Print what a leaflet says, as JSON."""
    from cbrn_data.cli.sources import extract_file

    extract_file(file)
