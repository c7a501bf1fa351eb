"""The whole way, as one run: ingest, validate, publish. Run it with ``make publish`` or ``python -m flows.pipeline``."""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State

from cbrn_data import pipeline as library
from cbrn_data.cli import boundary, encode_output
from cbrn_data.cli.show import console, show_lines
from cbrn_data.release.overview import overview
from cbrn_data.settings import release_date, settings
from cbrn_data.store.store import Store
from flows.ingest import read_sources
from flows.publish import commit_release, find_settled, plan_release, show_outcome, show_plan
from flows.reporting import quoted, tells_failure
from flows.server import refused
from flows.validate import build_tables


@flow(name="cbrn-data")
@tells_failure
def pipeline(
    root: str = ".",
    published: str | None = None,
    dry_run: bool = False,
    base_url: str | None = None,
    move_address: bool = False,
) -> State[str]:
    """Ingest, validate and publish everything under ``root``; return the newest version.

    ``dry_run`` shows what would be published and writes nothing. ``base_url`` is where ``published/`` will be served;
    ``move_address`` confirms that this is another address than the catalogue and the pages have.
    """
    where = settings(Path(root), Path(published) if published else None, base_url)
    gathered = read_sources(root)
    if not dry_run:
        library.check_address(where, gathered.package, move_address)
    settled = None if dry_run else find_settled(quoted(gathered), where)
    if settled:
        return show_outcome(settled, where)
    built = build_tables(quoted(gathered), root)
    if dry_run:
        moved = library.moved_address(where, gathered.package)
        return show_plan(plan_release(quoted(built), where, release_date()), built, moved)
    return show_outcome(commit_release(quoted(built), where, release_date()), where)


def main() -> None:
    """Run the flow here and show what is published."""
    encode_output()
    with boundary(refused):
        pipeline()
        newest = Store(settings(Path()).published).newest()
        assert newest is not None
        console().print()
        show_lines(overview(newest))


if __name__ == "__main__":
    main()
