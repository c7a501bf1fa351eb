"""Options that several commands of ``cbrn-data`` have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbrn_data.progress import stop_observing


def no_progress(is_asked: bool) -> bool:
    """Show no progress to a program that reads the output."""
    if is_asked:
        stop_observing()
    return is_asked


Root = Annotated[Path, typer.Option("--root", help="The folder with raw/, schemas/ and published/.", show_default="here")]
Published = Annotated[
    Path | None, typer.Option("--published", help="The folder of the releases.", show_default="<root>/published")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.", callback=no_progress)]

Title = Annotated[str | None, typer.Option(help="The title of the source.")]
Publisher = Annotated[str | None, typer.Option(help="The publisher of the source.")]
Url = Annotated[str | None, typer.Option(help="The address of the source; it is not fetched.")]
Licence = Annotated[str | None, typer.Option(help="The SPDX id of the licence, if the source states one.")]
Note = Annotated[str | None, typer.Option(help="A sentence about the source.")]
OnError = Annotated[
    str | None, typer.Option(help="What bad rows of a table do: reject (the release) or quarantine.", show_default="reject")
]

Delimiter = Annotated[
    str | None,
    typer.Option(help="The character between the cells of a row; \\t is the tab.", show_default="found in the table"),
]
Encoding = Annotated[str, typer.Option(help="The encoding of the tables.")]
Sheet = Annotated[str | None, typer.Option(help="The sheet of a workbook, by name or number.", show_default="the first")]

AtLeast = Annotated[str, typer.Option("--at-least", help="The least step of the version: minor or major.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", metavar="CODE[:TABLE]", help="A finding of the release guard that may pass.", show_default=False
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why --allow is right; it is published.")]
MoveAddress = Annotated[bool, typer.Option("--move-address", help="Confirm a new address of the catalogue and the pages.")]
Html = Annotated[Path | None, typer.Option("--html", help="Also write all changes to this file, as a page for people.")]
