"""Two states of the table of the benchmarks, and their difference as others and we find it.

``changed`` writes ``new.csv``, in the order of the keys, and ``moved.csv``, the same rows in no order, beside
``records.csv``: every 500th row is removed, every 500th added, and every 100th has another status. Each peer returns the
number of rows that were added, removed or changed, so that all must agree.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

KEY = "record_id"


def changed(folder: Path) -> None:
    """Write the two new states of the table in ``folder``, line by line."""
    with (folder / "records.csv").open(encoding="utf-8") as old, (folder / "new.csv").open("w", encoding="utf-8") as new:
        head = old.readline()
        new.write(head)
        for number, line in enumerate(old):
            key, project, status, rest = line.split(",", 3)
            if number % 500 != 3:
                new.write(",".join((key, project, "other" if number % 100 == 7 else status, rest)))
            if number % 500 == 4:
                new.write(",".join((key + "a", project, status, rest)))
    # Each line goes to one of many files, which then follow each other.
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(97)]
        lines = stack.enter_context((folder / "new.csv").open(encoding="utf-8"))
        moved = stack.enter_context((folder / "moved.csv").open("w", encoding="utf-8"))
        moved.write(next(lines))
        for number, line in enumerate(lines):
            files[number * number % 97].write(line)
        for file in reversed(files):
            file.seek(0)
            shutil.copyfileobj(file, moved)


def _names(folder: Path) -> list[str]:
    with (folder / "records.csv").open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


def cbrn_data(folder: Path, new: str) -> int:
    """Find every changed cell and every added and removed row, as rows of ``changes``."""
    from cbrn_data.tabular.compare import compare_tables
    from cbrn_data.tabular.resource import read_table

    found = compare_tables(read_table(folder / "records.csv", None), read_table(folder / new, None), [KEY])
    return found.counts.rows.total()


def duckdb(folder: Path, new: str) -> int:
    """Join both tables in full, and write the rows that differ."""
    import duckdb as library

    differs = " or ".join(f'a."{name}" is distinct from b."{name}"' for name in _names(folder) if name != KEY)
    tables = [f"read_csv('{folder / name}', all_varchar = true, header = true)" for name in ("records.csv", new)]
    query = f"select * from {tables[0]} a full join {tables[1]} b using ({KEY}) where {differs} order by {KEY}"
    with library.connect() as connection:
        connection.execute("set enable_progress_bar = false")  # it is written to standard output
        rows = connection.execute(f"copy ({query}) to '{folder / 'changes.csv'}' (header)").fetchall()
    return int(rows[0][0])


def csv_diff(folder: Path, new: str) -> int:
    import csv_diff as library

    tables = []
    for name in ("records.csv", new):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            tables.append(library.load_csv(file, key=KEY))
    found = library.compare(*tables)
    return sum(len(found[kind]) for kind in ("added", "removed", "changed"))


def daff(folder: Path, new: str) -> int:
    import csv

    import daff as library

    views = []
    for name in ("records.csv", new):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            views.append(library.PythonTableView(list(csv.reader(file))))
    flags = library.CompareFlags()
    flags.addPrimaryKey(KEY)
    flags.unchanged_context = 0
    highlighter = library.TableDiff(library.compareTables3(None, *views, flags).align(), flags)
    highlighter.hilite(library.PythonTableView([]))
    summary = highlighter.getSummary()
    return int(summary.row_inserts + summary.row_deletes + summary.row_updates)


SORTED = {"cbrn_data diff": cbrn_data, "duckdb join by hand": duckdb, "csv-diff": csv_diff, "daff": daff}
PEERS: dict[str, Callable[[Path], int]] = {
    f"{peer}{said}": partial(run, new=new)
    for peer, run in SORTED.items()
    for said, new in (("", "new.csv"), (", unsorted", "moved.csv"))
}

if __name__ == "__main__":
    changed(Path(sys.argv[1]))
