"""``cbrn-data new-table``: propose the definition and the sidecar of a table from its content."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.cli.show import console, show_table
from cbrn_data.cli.sources import check_file
from cbrn_data.findings import shown
from cbrn_data.scaffold.table import add_table
from cbrn_data.settings import read_settings, release_date


def propose_table(path: Path, root: Path, table: str | None, key: str | None, sheet: str | None) -> None:
    """Write the proposal, and print what was guessed and why."""
    check_file(path)
    asked = [name.strip() for name in key.split(",")] if key else []
    proposal, names = add_table(path, read_settings(root), release_date(), table, asked, sheet)
    out = console()
    show_table(("column", "taken as", "because"), proposal.guesses)
    out.print()
    is_curated = proposal.kind == "curated"
    has = "has" if is_curated else "lacks one of"
    out.print(f"The table {proposal.name} is {proposal.kind}, because the file {has} the columns url and certainty.")
    why = "named with --key" if asked else "guessed"
    out.print(f"Its key is {' + '.join(proposal.key)} ({why}).")
    source = next(name for name in names if name.startswith("raw/") and name.endswith(".csv.yaml")).removesuffix(".yaml")
    out.print(f"Publisher, title and licence of the source are guessed; correct them with `cbrn-data update {source} …`.")
    out.print(f"Written: {shown(', '.join(names), 300)}, and a line in schemas/package.yaml.")
    out.print("Correct titles and descriptions, which are public, and then run `cbrn-data plan`.")
