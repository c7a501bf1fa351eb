"""The whole way: ingest, validate, publish. Run it with ``make publish`` or ``python -m flows.pipeline``."""

from __future__ import annotations

import sys
from pathlib import Path

from prefect import flow

from cbrn_data.cli import encode_output
from cbrn_data.cli.show import console, show_error, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.release.overview import overview
from cbrn_data.settings import settings
from cbrn_data.store.store import Store
from flows.ingest import ingest
from flows.publish import find_settled, publish, show_outcome
from flows.reporting import show_findings
from flows.validate import validate


@flow(name="cbrn-data")
def pipeline(root: str = ".", published: str | None = None) -> str:
    """Ingest, validate and publish everything under ``root``; return the newest version."""
    gathered = ingest(root)
    where = settings(Path(root), Path(published) if published else None)
    if outcome := find_settled(gathered.value, root, str(where.published)):
        show_findings(outcome.findings)
        return show_outcome(outcome)
    built = validate(gathered, root)
    return publish(built, root, published)


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
