"""The whole way: ingest, validate, publish. Run it with ``make publish`` or ``python -m flows.pipeline``."""

from __future__ import annotations

import sys
from pathlib import Path

from prefect import flow

from cbrn_data.cli import encode_output
from cbrn_data.cli.show import console, show_error, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.release.overview import overview
from cbrn_data.settings import release_date, settings
from cbrn_data.store.store import Store
from flows.ingest import ingest
from flows.publish import find_settled, plan_release, publish, show_outcome
from flows.reporting import show_findings, told_when_refused
from flows.validate import validate


@flow(name="cbrn-data")
def pipeline(root: str = ".", published: str | None = None, dry_run: bool = False, base_url: str | None = None) -> str:
    """Ingest, validate and publish everything under ``root``; return the newest version.

    ``dry_run`` shows what would be published and writes nothing. ``base_url`` is where ``published/`` will be served.
    """
    with told_when_refused():
        where = settings(Path(root), Path(published) if published else None, base_url)
        gathered = ingest(root)
        outcome = None if dry_run else find_settled(gathered.value, where)
        if outcome:
            show_findings(outcome.findings)
            return show_outcome(outcome, where)
        built = validate(gathered, root)
        if dry_run:
            return plan_release(built.value, where, release_date())
        return publish(built, root, published, base_url)


def main() -> None:
    """Run the flow here and show what is published."""
    encode_output()
    try:
        pipeline()
    except CbrnDataError as error:
        show_error(error)
        sys.exit(error.exit_code)
    newest = Store(settings(Path()).published).newest()
    assert newest is not None
    console().print()
    show_lines(overview(newest))


if __name__ == "__main__":
    main()
