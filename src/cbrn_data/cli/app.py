"""The commands of ``cbrn-data`` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbrn_data import __version__

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

Root = Annotated[Path, typer.Option("--root", help="The folder with raw/, schemas/ and published/.", show_default="here")]
Json = Annotated[bool, typer.Option("--json", help="Print for machines.")]


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"cbrn-data {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version of the code.", callback=_show_version, is_eager=True)
]


@app.callback()
def cbrn_data(version: Version = False) -> None:
    """From leaflets to validated, versioned open data in which every cell leads back to its words."""


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Leaflets or region pages (.txt, .pdf, .docx, .html), or tables (.csv).")
    ],
    root: Root = Path(),
    edition: Annotated[str | None, typer.Option(help="The leaflet's year, where it does not name it.")] = None,
    read_on: Annotated[str | None, typer.Option(help="The day on which a region's page was read, as 2026-11-28.")] = None,
    table: Annotated[str | None, typer.Option(help="The table that a curated file completes.")] = None,
    title: Annotated[str | None, typer.Option(help="The source's title.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Who published it.")] = None,
    url: Annotated[str | None, typer.Option(help="Where it was found; nothing is fetched.")] = None,
    licence: Annotated[str | None, typer.Option(help="The SPDX id of its licence, where one is stated.")] = None,
    new_region: Annotated[bool, typer.Option("--new-region", help="The leaflet is of a region not known yet.")] = False,
    review: Annotated[bool, typer.Option("--review", help="Also write the page of `review` for each leaflet.")] = False,
) -> None:
    """Put received files under raw/, each with its sidecar."""
    from cbrn_data.cli.sources import add_files

    given = {
        "edition": edition,
        "read_on": read_on,
        "table": table,
        "title": title,
        "publisher": publisher,
        "url": url,
        "licence": licence,
    }
    add_files(files, root, new_region, review, **given)


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="A leaflet or a region's page: .txt, .pdf, .docx or .html.")],
    as_json: Annotated[bool, typer.Option("--json", help="Put the findings into the JSON, under `findings`.")] = False,
) -> None:
    """Print what a leaflet says, as JSON, and its findings to standard error."""
    from cbrn_data.cli.sources import extract_file

    extract_file(file, as_json)


@app.command()
def review(
    file: Annotated[Path, typer.Argument(help="A leaflet: .txt, .pdf, .docx or .html.")],
    root: Root = Path(),
    edition: Annotated[str | None, typer.Option(help="The leaflet's year, where it does not name it.")] = None,
    output: Annotated[Path | None, typer.Option(help="The page to write; <name>.review.html here without it.")] = None,
) -> None:
    """Write a page that shows how a leaflet is read, before it is added."""
    from cbrn_data.cli.sources import review_leaflet

    review_leaflet(file, root, edition, output)


Published = Annotated[Path | None, typer.Option("--published", help="Where releases are, if not under the root.")]
AtLeast = Annotated[str, typer.Option("--at-least", help="Raise the version's step: minor or major.")]


@app.command()
def plan(root: Root = Path(), published: Published = None, at_least: AtLeast = "patch", as_json: Json = False) -> None:
    """Show what publishing now would do: version, changes, findings. Writes nothing."""
    from cbrn_data.cli.publish import show_plan

    show_plan(root, published, at_least, as_json)


@app.command()
def publish(
    root: Root = Path(),
    published: Published = None,
    at_least: AtLeast = "patch",
    as_json: Json = False,
    runner: Annotated[str, typer.Option(help="Who makes tables of records: local, or dask.")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="The scheduler of the Dask cluster, as tcp://host:8786.")] = None,
    move_address: Annotated[
        bool, typer.Option("--move-address", help="Confirm that the catalogue and the pages get another address.")
    ] = False,
) -> None:
    """Read, validate and publish everything, if there is anything new."""
    from cbrn_data.cli.publish import publish_now

    publish_now(root, published, at_least, as_json, runner, scheduler, move_address)


@app.command()
def releases(root: Root = Path(), published: Published = None, as_json: Json = False) -> None:
    """List the releases, the newest first."""
    from cbrn_data.cli.history import list_releases

    list_releases(root, published, as_json)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A version.")],
    new: Annotated[str, typer.Argument(help="Another version.")],
    root: Root = Path(),
    published: Published = None,
    output: Annotated[Path | None, typer.Option(help="Write the changes as CSV to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two releases, cell by cell."""
    from cbrn_data.cli.history import show_diff

    show_diff(old, new, root, published, output, as_json)


@app.command()
def trace(
    table: Annotated[str, typer.Argument(help="A table, such as projects.")],
    row: Annotated[str, typer.Argument(help="The row's key, its parts joined with /.")],
    field: Annotated[str | None, typer.Argument(help="One field; all of the row without it.")] = None,
    root: Root = Path(),
    published: Published = None,
    release: Annotated[str | None, typer.Option(help="A version; the newest without it.")] = None,
    as_json: Json = False,
) -> None:
    """Show the words that a value came from, with file and line."""
    from cbrn_data.cli.history import show_trace

    show_trace(table, row, field, root, published, release, as_json)


@app.command()
def links(
    root: Root = Path(),
    output: Annotated[Path | None, typer.Option(help="Write every page with its answer as CSV to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Ask every page that rows name whether it is still there."""
    from cbrn_data.cli.links import check_now

    check_now(root, output, as_json)


@app.command()
def key(
    action: Annotated[str, typer.Argument(help="show, make or rotate.")] = "show",
) -> None:
    """Show, make or rotate the key that signs releases here."""
    from cbrn_data.cli.keys import key_action

    key_action(action)


@app.command()
def verify(
    what: Annotated[str | None, typer.Argument(help="A version, or the folder or address of a release or a store.")] = None,
    root: Root = Path(),
    published: Published = None,
    remember: Annotated[Path | None, typer.Option(help="Hold the store against what this file remembers.")] = None,
    accept_key: Annotated[list[str] | None, typer.Option(help="Confirm a new key to --remember, by fingerprint.")] = None,
    max_age: Annotated[int | None, typer.Option(help="Fail if the newest release is older, in days.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write the results to this file, as a page (HTML).")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build each release again and compare its bytes.")] = False,
    max_size: Annotated[float | None, typer.Option(help="The most GB to fetch from an address; 16 without it.")] = None,
    max_time: Annotated[float | None, typer.Option(help="The most minutes to fetch; 10 and more without it.")] = None,
    as_json: Json = False,
) -> None:
    """Check everything that is published, without trusting who published it."""
    from cbrn_data.cli.verify import verify_now

    verify_now(what, root, published, remember, max_age, as_json, report, rebuild, max_size, max_time, accept_key or ())


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="A datapackage.json, or tables as CSV with --schema.")],
    schema: Annotated[Path | None, typer.Option(help="The Table Schema of the tables, as JSON or YAML.")] = None,
    delimiter: Annotated[str, typer.Option(help="What separates the cells of the tables.")] = ",",
    as_json: Annotated[bool, typer.Option("--json", help="Print a report as frictionless does.")] = False,
) -> None:
    """Hold any table or Data Package against its Table Schemas, however large."""
    from cbrn_data.cli.validate import validate_files

    raise typer.Exit(validate_files(files, schema, delimiter, as_json))


@app.command()
def withdraw(
    version: Annotated[str, typer.Argument(help="The release that turned out wrong.")],
    reason: Annotated[str, typer.Option(help="Why, in one line.")],
    root: Root = Path(),
    published: Published = None,
) -> None:
    """Mark a release as withdrawn in the index, without touching a byte of it."""
    from cbrn_data.cli.history import withdraw_release

    withdraw_release(version, reason, root, published)


@app.command()
def push(
    target: Annotated[str, typer.Argument(help="Where to: s3://bucket/folder, file:///folder, or any fsspec address.")],
    root: Root = Path(),
    published: Published = None,
    as_json: Json = False,
) -> None:
    """Copy published/ to a web host's folder or to object storage: releases first, the index last."""
    from cbrn_data.cli.push import push_now

    push_now(target, root, published, as_json)


@app.command()
def serve(
    root: Root = Path(),
    published: Published = None,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any that is free.")] = 8000,
) -> None:
    """Preview the portal, on this machine only."""
    from cbrn_data.cli.serve import serve_now

    serve_now(root, published, port)
