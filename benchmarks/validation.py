"""The speed of validating and publishing tables, compared with other tools on the same table: ``make benchmark``.

    python benchmarks/validation.py [--rows 1000000] [--rounds 3] [--large]

Every peer runs in a process of its own, in turn, round after round, so that a busy machine slows all of them alike; medians
are compared, as ratios. frictionless takes a minute, and runs once. ``--large`` adds ten times the rows. The table and the
plot are written to ``docs/``, the ratios, with those of ``startup``, to the README too; no figure here is a test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import startup

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
README = HERE.parent / "README.md"
DETAILS = (", memory", ", processor time", "against copy")
"""Words of the rows that are only in ``docs/benchmark.md``, like those without a bar."""
BEGIN, END = "<!-- made by `make benchmark` -->\n", "<!-- to here -->"
VALIDATING = ["cbrn_data", "polars by hand", "duckdb by hand", "pandera on read_csv"]
LARGE = ["limit", "cbrn_data", "cbrn_data publish, CSV", "polars by hand", "duckdb by hand"]
WRITING = ["limit", "cbrn_data publish, CSV", "cbrn_data publish, CSV and JSON", "polars JSON", "cbrn_data JSON"]
DIFFING = ["cbrn_data diff", "cbrn_data diff, unsorted", "duckdb join by hand", "duckdb join by hand, unsorted"]
SLOW = [peer for peer, module in {"csv-diff": "csv_diff", "daff": "daff"}.items() if find_spec(module)]
"""Peers of the diff that take minutes for a million rows; csv-diff runs where it is installed (`pip install csv-diff`)."""


@dataclass(frozen=True)
class Run:
    """The result of one peer for a table: rows, median seconds, peak bytes, and number of errors found."""

    peer: str
    rows: int
    seconds: float
    memory: int
    found: int

    @property
    def per_second(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def measured(peers: list[str], folder: Path, rows: int, rounds: int) -> list[Run]:
    """Run peers in turn and return a line for each."""
    lines: dict[str, list[tuple[int, float, int]]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            command = [sys.executable, str(HERE / "peers.py"), peer, str(folder)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            lines[peer].append((int(said[0]), float(said[1]), int(said[2])))
    return [
        Run(peer, rows, statistics.median(line[1] for line in found), max(line[2] for line in found), found[0][0])
        for peer, found in lines.items()
    ]


def data(place: Path, rows: int, bad: float = 0.0) -> Path:
    """Make a table and a small one in the same folder; return the folder.

    If there are bad rows, each row of the small table is bad, so that it imports what they need. In processes of their own:
    a process counts the peak memory of the one that started it as its own.
    """
    folder = place / f"{rows}-{bad}"
    for where, count, share in ((folder / "small", 10, float(bad > 0)), (folder, rows, bad)):
        subprocess.run([sys.executable, str(HERE / "table.py"), str(where), str(count), str(share)], check=True)
        subprocess.run([sys.executable, str(HERE / "diffs.py"), str(where)], check=True)
    return folder


def main() -> None:
    """Measure, print, and write the page and the plot."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--large", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place, rows = Path(name), chosen.rows
        whole = data(place, rows)
        tenth = data(place, rows // 10)
        small = measured(["frictionless", *VALIDATING], tenth, rows // 10, 1)
        runs = [*measured(["frictionless"], whole, rows, 1), *measured(VALIDATING + WRITING, whole, rows, chosen.rounds)]
        clean, spoilt = measured_both(["cbrn_data"], [whole, data(place, rows, 0.01)], rows, chosen.rounds)
        large = measured(LARGE + DIFFING, data(place, 10 * rows), 10 * rows, chosen.rounds) if chosen.large else []
        diffing = [
            *measured(["cbrn_data diff", *SLOW], tenth, rows // 10, 1),
            *measured(DIFFING, whole, rows, chosen.rounds),
            *(run for run in large if run.peer in DIFFING),
        ]
        large = [run for run in large if run.peer not in DIFFING]
        started = startup.measure(chosen.rounds, place / "startup")
    day = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {day:%Y-%m-%d}"
    lead = f"On {machine}: {rows:,} rows of about 280 bytes, all rules on, medians of {chosen.rounds}."
    compared = [lead, "", *ratios(runs, clean, spoilt, large), *startup.ratios(started)]
    asked = [line for line in compared if not line.endswith("|  |") and not any(word in line for word in DETAILS)]
    lines = [*page(compared, [*small, *runs, spoilt, *large]), *diffs_page(diffing)]
    print("\n".join(lines))
    (DOCS / "benchmark.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(before + BEGIN + "\n".join([*asked, ""]) + END + rest.partition(END)[2], encoding="utf-8")
    plot(runs)


def measured_both(peers: list[str], folders: list[Path], rows: int, rounds: int) -> list[Run]:
    """Run one peer on several tables in turn, and return a line for each table."""
    found = [[measured(peers, folder, rows, 1)[0] for folder in folders] for _ in range(rounds)]
    return [sorted(of_one, key=lambda run: run.seconds)[rounds // 2] for of_one in zip(*found, strict=True)]


def ratios(runs: list[Run], clean: Run, spoilt: Run, large: list[Run]) -> list[str]:
    """Return the main ratios as a table, each with its bar."""
    of = {run.peer: run for run in runs}
    ours = of["cbrn_data"].per_second
    publish, limit = "cbrn_data publish, CSV", "limit"
    found = [
        ("validate, against frictionless", ours / of["frictionless"].per_second, "60 × as fast"),
        ("validate, against polars by hand", ours / of["polars by hand"].per_second, "as fast, aim 1.3 ×"),
        ("validate, against duckdb by hand", ours / of["duckdb by hand"].per_second, "as fast, aim 1.3 ×"),
        ("validate, against pandera on read_csv", ours / of["pandera on read_csv"].per_second, ""),
        ("validate and publish as CSV, against copy + sha256", of[publish].seconds / of[limit].seconds, ""),
        ("write JSON, against polars", of["cbrn_data JSON"].seconds / of["polars JSON"].seconds, "1 × the time"),
        ("1 % bad rows, against none", spoilt.seconds / clean.seconds, "1.2 × the time"),
    ]
    for run in (run for run in large if run.peer in ("cbrn_data", publish, limit)):
        time, memory = ("", "") if run.peer == limit else ("11 × the time, aim 10 ×", "1.1 ×")
        found.append((f"ten times the rows: {run.peer}", run.seconds / of[run.peer].seconds, time))
        found.append((f"ten times the rows: {run.peer}, memory", run.memory / of[run.peer].memory, memory))
        if run.peer == publish:
            against = run.seconds / large[0].seconds
            found.append((f"ten times the rows: {publish}, against copy + sha256", against, "3 × the time, aim 2 ×"))
    head = ["| what | ratio | at least |", "| --- | ---: | --- |"]
    return head + [f"| {what} | {ratio:.2f} × | {bar} |" for what, ratio, bar in found]


def page(compared: list[str], runs: list[Run]) -> list[str]:
    """Return the page as lines of Markdown: the ratios that matter, and every figure."""
    lines = ["# Benchmark", "", "Made by `make benchmark`, which also draws the plot.", "", *compared, ""]
    lines += ["![Rows per second](pictures/benchmark.svg)", ""]
    lines += ["| who | rows | seconds | rows per second | peak memory | faults |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    return lines + [f"| {' | '.join(_figures(run))} |" for run in runs]


def diffs_page(runs: list[Run]) -> list[str]:
    """Return the part of the page about the diff: each run, with the time of ours for the same tables as the measure."""
    lines = ["", "## Diff", ""]
    lines += ["Two states of the table by its key: 0.2 % of the rows removed, 0.2 % added, 1 % with another status;"]
    lines += ["`unsorted` has the new rows in no order. Each peer must find the same number of rows.", ""]
    lines += ["| who | rows | seconds | rows per second | peak memory | rows found | time, against cbrn_data |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    ours = {(run.rows, ", unsorted" in run.peer): run for run in runs if run.peer.startswith("cbrn_data")}
    for run in runs:
        of = ours[run.rows, ", unsorted" in run.peer]
        if run.found != of.found:
            raise SystemExit(f"{run.peer} finds {run.found:,} rows, cbrn_data {of.found:,}")
        lines.append(f"| {' | '.join(_figures(run))} | {run.seconds / of.seconds:.2f} × |")
    return lines


def _figures(run: Run) -> tuple[str, ...]:
    rates = f"{run.rows:,}", f"{run.seconds:.2f}", f"{run.per_second:,.0f}"
    return run.peer, *rates, f"{run.memory / 2**20:,.0f} MiB", f"{run.found:,}"


def plot(runs: list[Run]) -> None:
    """Draw rows per second of those that validate, on a logarithmic scale."""
    import vl_convert

    values = [
        {"who": run.peer, "rows per second": run.per_second} for run in runs if run.peer in [*VALIDATING, "frictionless"]
    ]
    specification = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 480,
        "title": "Rows validated per second",
        "data": {"values": values},
        "mark": {"type": "bar", "color": "#1b5e8a"},
        "encoding": {
            "y": {"field": "who", "type": "nominal", "sort": "-x", "title": None},
            "x": {"field": "rows per second", "type": "quantitative", "scale": {"type": "log"}},
        },
    }
    (DOCS / "pictures" / "benchmark.svg").write_text(vl_convert.vegalite_to_svg(json.dumps(specification)), encoding="utf-8")


if __name__ == "__main__":
    main()
