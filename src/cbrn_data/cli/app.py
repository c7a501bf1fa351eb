"""The commands of ``cbrn-data`` and their options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cbrn_data import __version__
from cbrn_data.cli.options import (
    Allow,
    AtLeast,
    Delimiter,
    Encoding,
    Html,
    Json,
    Licence,
    MoveAddress,
    Note,
    OnError,
    Published,
    Publisher,
    Reason,
    Root,
    Sheet,
    Title,
    Url,
    no_progress,
)
from cbrn_data.errors import CbrnDataError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"cbrn-data {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version of the code.", callback=_show_version, is_eager=True)
]


@app.callback()
def cbrn_data(context: typer.Context, version: Version = False) -> None:
    """Make validated, versioned open data from leaflets. Every cell leads to its words."""
    from cbrn_data.cli.progress import shown_progress

    context.with_resource(shown_progress())


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="An empty or a new folder.", show_default="here")] = Path(),
) -> None:
    """Make a new project with an example table."""
    from cbrn_data.cli.init import init_project

    init_project(folder)


@app.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(help="Leaflets or region pages (.txt, .pdf, .docx, .html), or tables (.csv, .tsv, .xlsx)."),
    ],
    root: Root = Path(),
    edition: Annotated[str | None, typer.Option(help="The year of the leaflet, if it does not state one.")] = None,
    read_on: Annotated[str | None, typer.Option(help="The day on which a region's page was read, as 2026-11-28.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="curated, bulk, corrections, renames or regions.", show_default="by --table or the header"),
    ] = None,
    table: Annotated[str | None, typer.Option(help="The table that a file completes or fills.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook.", show_default="the only one")] = None,
    title: Title = None,
    publisher: Publisher = None,
    url: Url = None,
    licence: Licence = None,
    note: Note = None,
    retrieved_on: Annotated[str | None, typer.Option(help="The day of retrieval.", show_default="today")] = None,
    on_error: OnError = None,
    new_region: Annotated[bool, typer.Option("--new-region", help="Accept a region that is not known yet.")] = False,
    review: Annotated[bool, typer.Option("--review", help="Also write the `review` page of each leaflet.")] = False,
    as_json: Json = False,
) -> None:
    """Check files, and copy them to raw/ with their sidecars."""
    from cbrn_data.cli.sources import add_files

    given = {
        "edition": edition,
        "read_on": read_on,
        "kind": kind,
        "table": table,
        "sheet": sheet,
        "title": title,
        "publisher": publisher,
        "url": url,
        "licence": licence,
        "note": note,
        "retrieved_on": retrieved_on,
        "on_error": on_error,
    }
    add_files(files, root, new_region, review, as_json, **given)


@app.command(name="new-table")
def new_table(
    file: Annotated[Path, typer.Argument(help="A table with a header: .csv, .tsv or .xlsx.")],
    root: Root = Path(),
    table: Annotated[str | None, typer.Option(help="The name of the table.", show_default="that of the file")] = None,
    key: Annotated[str | None, typer.Option(help="The key fields, separated by commas.", show_default="guessed")] = None,
    sheet: Sheet = None,
) -> None:
    """Propose definition and sidecar of a new table from a file."""
    from cbrn_data.cli.tables import propose_table

    propose_table(file, root, table, key, sheet)


@app.command()
def update(
    files: Annotated[list[Path] | None, typer.Argument(help="Files under raw/, or newer copies of them.")] = None,
    root: Root = Path(),
    every: Annotated[bool, typer.Option("--all", help="Update every file under raw/ whose bytes changed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
    sheet: Annotated[str | None, typer.Option(help="Another sheet of the workbook.")] = None,
    title: Title = None,
    publisher: Publisher = None,
    url: Url = None,
    licence: Licence = None,
    note: Note = None,
    retrieved_on: Annotated[str | None, typer.Option(help="The day of retrieval, as 2026-11-28.")] = None,
    on_error: OnError = None,
    as_json: Json = False,
) -> None:
    """Show what differs from the sidecars, and take it as meant. An empty text removes a key."""
    from cbrn_data.cli.sources import update_files

    given = {
        "title": title,
        "publisher": publisher,
        "url": url,
        "licence": licence,
        "note": note,
        "retrieved_on": retrieved_on,
        "on_error": on_error,
    }
    update_files(files or [], root, every, dry_run, sheet, as_json, **given)


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="A leaflet or a region's page: .txt, .pdf, .docx or .html.")],
    as_json: Annotated[bool, typer.Option("--json", help="Add the findings to the JSON, under `findings`.")] = False,
) -> None:
    """Print the content of a leaflet as JSON. Findings go to standard error."""
    from cbrn_data.cli.sources import extract_file

    extract_file(file, as_json)


@app.command()
def review(
    file: Annotated[Path, typer.Argument(help="A leaflet: .txt, .pdf, .docx or .html.")],
    root: Root = Path(),
    edition: Annotated[str | None, typer.Option(help="The year of the leaflet, if it does not state one.")] = None,
    output: Annotated[Path | None, typer.Option(help="The page to write.", show_default="<name>.review.html")] = None,
) -> None:
    """Write a page that shows how a leaflet is read. Nothing is added."""
    from cbrn_data.cli.sources import review_leaflet

    review_leaflet(file, root, edition, output)


@app.command()
def plan(
    root: Root = Path(),
    published: Published = None,
    at_least: AtLeast = "patch",
    as_json: Json = False,
    html: Html = None,
    output: Annotated[Path | None, typer.Option(help="Also write the whole plan as JSON to this file.")] = None,
    allow: Allow = None,
    reason: Reason = None,
    approved: Annotated[bool, typer.Option("--approved", help="Fail unless the plan is approved.")] = False,
    move_address: MoveAddress = False,
) -> None:
    """Show version, changes and findings of the next release. Publish nothing."""
    from cbrn_data.cli.plan import show_plan

    show_plan(root, published, at_least, as_json, html, output, allow or (), reason, approved, move_address)


@app.command()
def publish(
    root: Root = Path(),
    published: Published = None,
    at_least: AtLeast = "patch",
    as_json: Json = False,
    runner: Annotated[
        str | None,
        typer.Option(help="Where bulk tables are built: local or dask.", show_default="dask if there is a scheduler"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="The scheduler of the Dask cluster, as tcp://host:8786.", show_default="that of the settings"),
    ] = None,
    move_address: MoveAddress = False,
    allow: Allow = None,
    reason: Reason = None,
) -> None:
    """Read, validate and publish everything, if anything is new."""
    from cbrn_data.cli.publish import publish_now

    publish_now(root, published, at_least, as_json, runner, scheduler, move_address, allow or (), reason)


@app.command()
def approve(
    digest: Annotated[str, typer.Argument(help="The digest of the plan, as `plan` prints it.")],
    key: Annotated[Path, typer.Option(help="The file of the private key of the approver.")],
    root: Root = Path(),
    published: Published = None,
    at_least: AtLeast = "patch",
    allow: Allow = None,
    reason: Reason = None,
) -> None:
    """Approve the present plan, made with the same options."""
    from cbrn_data.cli.approve import approve_plan

    approve_plan(digest, key, root, published, at_least, allow or (), reason)


@app.command()
def releases(root: Root = Path(), published: Published = None, as_json: Json = False) -> None:
    """List the releases, newest first."""
    from cbrn_data.cli.history import list_releases

    list_releases(root, published, as_json)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A version, latest, a table, a datapackage.json or its folder.")],
    new: Annotated[str, typer.Argument(help="Another of the same kind.")],
    root: Root = Path(),
    published: Published = None,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="The columns that identify a row of a table.", show_default="the primary key"),
    ] = None,
    schema: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="The Table Schema of both tables; if given twice, of OLD, then of NEW."),
    ] = None,
    delimiter: Annotated[
        list[str] | None,
        typer.Option(metavar="CHARACTER", help="The character between the cells of both tables, or of OLD, then of NEW."),
    ] = None,
    encoding: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="The encoding of both tables, or of OLD, then of NEW.", show_default="utf-8"),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the changes as CSV to this file.")] = None,
    html: Html = None,
    as_json: Json = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there are differences.")] = False,
) -> None:
    """Show what changed between two releases, tables or packages."""
    from cbrn_data.cli.diff import names_files, show_difference

    if names_files(old, new):
        options = key or (), schema or (), delimiter or (), encoding or ()
        differs, is_incomplete = show_difference(old, new, *options, output, as_json, html)
        raise typer.Exit(is_incomplete or (differs and exit_code))
    from cbrn_data.cli.history import show_diff

    if any((key, schema, delimiter, encoding)):
        raise CbrnDataError("--key, --schema, --delimiter and --encoding are for tables; releases have their own schemas")
    raise typer.Exit(show_diff(old, new, root, published, output, as_json, html) and exit_code)


@app.command()
def trace(
    table: Annotated[str, typer.Argument(help="A table, such as projects.")],
    row: Annotated[str, typer.Argument(help="The key of the row, its parts joined with /.")],
    field: Annotated[str | None, typer.Argument(help="One field.", show_default="all fields")] = None,
    root: Root = Path(),
    published: Published = None,
    release: Annotated[str | None, typer.Option(help="A version, or latest.", show_default="the newest")] = None,
    as_json: Json = False,
) -> None:
    """Show the words of a value, with file and line."""
    from cbrn_data.cli.history import show_trace

    show_trace(table, row, field, root, published, release, as_json)


@app.command()
def links(
    root: Root = Path(),
    output: Annotated[Path | None, typer.Option(help="Write all pages and their results as CSV to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Check that the pages named in rows still exist."""
    from cbrn_data.cli.links import check_now

    check_now(root, output, as_json)


@app.command()
def key(
    action: Annotated[str, typer.Argument(help="show, make, rotate, draft, sign or install.")] = "show",
    file: Annotated[Path | None, typer.Argument(help="The draft of the next root: written, signed or installed.")] = None,
    root: Root = Path(),
    published: Published = None,
    key: Annotated[Path | None, typer.Option(help="The private key that signs the draft.", show_default="own")] = None,
    root_keys: Annotated[Path | None, typer.Option(help="The public keys of the next root.", show_default="same")] = None,
    threshold: Annotated[int | None, typer.Option(help="How many root keys must sign.", show_default="same")] = None,
    online_keys: Annotated[
        Path | None, typer.Option(help="The public keys that sign publications.", show_default="same")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show, make or rotate the key that signs, and replace the root."""
    from cbrn_data.cli.keys import Ceremony, key_action

    key_action(action, root, published, Ceremony(file, key, root_keys, threshold, online_keys), as_json)


@app.command(name="keep-code")
def keep_code(
    repository: Annotated[Path, typer.Argument(help="The git repository of the code.", show_default="here")] = Path(),
    root: Root = Path(),
    published: Published = None,
) -> None:
    """Keep the code of earlier releases in the store."""
    from cbrn_data.cli.keep_code import keep_code_now

    keep_code_now(repository, root, published)


@app.command()
def doctor(root: Root = Path(), published: Published = None, as_json: Json = False) -> None:
    """Check this machine and project, and say what to do."""
    from cbrn_data.cli.doctor import examine

    raise typer.Exit(examine(root, published, as_json))


@app.command()
def settings(root: Root = Path(), as_json: Json = False) -> None:
    """Show each setting, its value and where it is from."""
    from cbrn_data.cli.settings import show_settings

    show_settings(root, as_json)


@app.command()
def verify(
    what: Annotated[
        str | None, typer.Argument(help="A version, latest, or the folder or address of a release or a store.")
    ] = None,
    root: Root = Path(),
    published: Published = None,
    remember: Annotated[Path | None, typer.Option(help="Compare the store with this memory file, and update it.")] = None,
    max_age: Annotated[int | None, typer.Option(help="Fail if the newest release is older than this, in days.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write the results to this file as an HTML page.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Rebuild each release and compare its bytes.")] = False,
    run_recorded_code: Annotated[
        bool, typer.Option("--run-recorded-code", help="Also rebuild older releases, with the code that the store keeps.")
    ] = False,
    max_size: Annotated[float | None, typer.Option(help="The most GB to fetch from an address.", show_default="16")] = None,
    max_time: Annotated[
        float | None, typer.Option(help="The most minutes to fetch.", show_default="10, more if large")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="A Dask cluster that shares the reading, as tcp://host:8786; its machines need the same folders."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify releases without trusting their publisher."""
    from cbrn_data.cli.verify import verify_now

    with _shared(scheduler):
        verify_now(what, root, published, remember, max_age, as_json, report, rebuild, max_size, max_time, run_recorded_code)


@contextmanager
def _shared(scheduler: str | None) -> Iterator[None]:
    """Let the workers of a scheduler share what is read in the body, if one is given."""
    if scheduler is None:
        yield
        return
    from cbrn_data.pipeline import bulk_writer

    with bulk_writer(scheduler):
        yield


@app.command()
def validate(
    files: Annotated[
        list[str],
        typer.Argument(help="A datapackage.json, its folder or address, or tables with --schema; - is standard input."),
    ],
    schema: Annotated[str | None, typer.Option(help="The Table Schema of the tables, as JSON or YAML.")] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    remote: Annotated[bool, typer.Option("--remote", help="Fetch what is at an address (https, http, s3).")] = False,
    deadline: Annotated[
        float | None, typer.Option(help="The most seconds; what is not read by then is reported.", show_default="none")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a report in frictionless's format.", callback=no_progress)
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the report to this file, as a page.")] = None,
) -> None:
    """Validate a table or a Data Package of any size."""
    from cbrn_data.cli.validate import validate_files

    raise typer.Exit(validate_files(files, schema, delimiter, as_json, encoding, sheet, html, remote, deadline))


@app.command()
def describe(
    file: Annotated[Path, typer.Argument(help="A table: CSV, TSV, JSON, JSON Lines, XLSX or Parquet; - is standard input.")],
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the schema as JSON, not as YAML.", callback=no_progress)
    ] = False,
) -> None:
    """Propose a Table Schema for a table, and say why."""
    from cbrn_data.cli.describe import describe_file

    raise typer.Exit(describe_file(file, delimiter, encoding, sheet, as_json))


@app.command()
def withdraw(
    version: Annotated[str, typer.Argument(help="The version of the wrong release.")],
    reason: Annotated[str, typer.Option(help="The reason, in one line; it is published.")],
    root: Root = Path(),
    published: Published = None,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the withdrawal; index and pages keep both reasons.")] = False,
) -> None:
    """Mark a release as withdrawn. Its files do not change."""
    from cbrn_data.cli.history import withdraw_release

    withdraw_release(version, reason, root, published, undo)


@app.command()
def erase(
    source: Annotated[str, typer.Argument(help="The id of the source, as in its sidecar.")],
    reason: Annotated[str, typer.Option(help="The reason, in one line; it is published.")],
    root: Root = Path(),
    published: Published = None,
) -> None:
    """Take the bytes of a source out of all releases. Its digest stays."""
    from cbrn_data.cli.history import erase_source

    erase_source(source, reason, root, published)


@app.command()
def push(
    target: Annotated[
        str | None,
        typer.Argument(
            help="The target: s3://bucket/folder, file:///folder, or any fsspec address.", show_default="push.target"
        ),
    ] = None,
    root: Root = Path(),
    published: Published = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be uploaded and removed. Write nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy published/ to a web host or to object storage."""
    from cbrn_data.cli.push import push_now

    push_now(target, root, published, dry_run, as_json)


@app.command()
def serve(
    root: Root = Path(),
    published: Published = None,
    port: Annotated[int, typer.Option(help="The port to listen on; 0 for any free port.")] = 8000,
) -> None:
    """Preview the portal on this machine only."""
    from cbrn_data.cli.serve import serve_now

    serve_now(root, published, port)


@app.command()
def mcp(
    source: Annotated[
        str | None, typer.Argument(help="The folder or the address of a store.", show_default="published/, or base_url")
    ] = None,
    root: Root = Path(),
) -> None:
    """Answer agents over MCP, with the words of each value."""
    from cbrn_data.cli.mcp import serve_agents

    serve_agents(source, root)
