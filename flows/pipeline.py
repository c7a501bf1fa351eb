"""The whole pipeline as one run: ingest, validate, publish. Run it with ``make publish`` or ``python -m flows.pipeline``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from cbrn_data import pipeline as library
from cbrn_data.cli.running import boundary, encode_output
from cbrn_data.cli.show import console, show_lines
from cbrn_data.release.guard import read_guard
from cbrn_data.release.overview import overview
from cbrn_data.settings import read_settings, release_date
from cbrn_data.store.store import Store
from flows.ingest import read_sources
from flows.killed import end_tasks
from flows.local import local_server
from flows.publish import commit_release, find_up_to_date, plan_release, push_release, show_outcome, show_plan
from flows.reporting import dated, quoted, report_failure
from flows.server import refused
from flows.validate import build_tables


@flow(name="cbrn-data", flow_run_name=dated("publish"), on_crashed=[end_tasks])
@report_failure
def pipeline(
    root: str = ".",
    published: str | None = None,
    dry_run: bool = False,
    base_url: str | None = None,
    move_address: bool = False,
    allow: Sequence[str] = (),
    reason: str | None = None,
) -> State[str]:
    """Ingest, validate and publish everything under ``root``; return the newest version.

    ``dry_run`` shows what would be published and writes nothing. ``base_url`` is the address at which ``published/`` will be
    served; ``move_address`` confirms that it differs from the address in the catalogue and the pages. ``allow`` are codes of
    the release guard, as ``CODE`` or ``CODE:TABLE``, that pass for ``reason``, which is published.
    """
    settings = read_settings(Path(root), Path(published) if published else None, base_url)
    gathered = read_sources(root)
    if not dry_run:
        library.check_address(settings, gathered.package, move_address)
    guard = read_guard(settings, gathered.package.tables, allow, reason)
    newest = None if dry_run else find_up_to_date(quoted(gathered), settings)
    if newest:
        return push_release(show_outcome(newest, settings), settings)
    built = build_tables(quoted(gathered), root)
    if dry_run:
        moved = library.moved_address(settings, gathered.package)
        return show_plan(plan_release(quoted(built), settings, release_date(), guard), built, settings, moved)
    outcome = commit_release(quoted(built), settings, release_date(), guard)
    return push_release(show_outcome(outcome, settings), settings)


def main() -> None:
    """Run the flow in this process and show the newest release."""
    encode_output()
    with boundary(refused):
        with local_server():
            pipeline()
        newest = Store(read_settings(Path()).published).newest()
        assert newest is not None
        console().print()
        show_lines(overview(newest))


if __name__ == "__main__":
    main()
