"""How fast tables are validated and published, beside others on the same table: ``make benchmark``.

    python benchmarks/validation.py [--rows 1000000] [--rounds 3] [--large]

Every peer runs in a process of its own, in turn, round after round, so that a busy machine slows all of them alike; medians
are compared, as ratios. frictionless is measured on a tenth of the rows (it takes minutes), and compared by the row.
``--large`` adds ten million rows of our own and of the limit. The table and the plot are written to ``docs/``; no figure
here is a test.
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
from pathlib import Path

import table

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
VALIDATING = ["cbrn_data", "polars by hand", "duckdb by hand", "pandera on read_csv"]
WRITING = ["limit", "cbrn_data publish, CSV", "cbrn_data publish, CSV and JSON", "polars JSON", "cbrn_data JSON"]


@dataclass(frozen=True)
class Run:
    """What one peer took for a table: rows, median seconds, peak bytes, and how many faults it found."""

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
    """Make a table and a small one beside it; return their folder."""
    folder = place / f"{rows}-{bad}"
    table.make(folder / "small", 10)
    table.make(folder, rows, bad)
    return folder


def main() -> None:
    """Measure, print, and write the page and the plot."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--large", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        tenth, whole = data(place, chosen.rows // 10), data(place, chosen.rows)
        (slow,) = measured(["frictionless"], tenth, chosen.rows // 10, 1)
        runs = [slow, *measured(VALIDATING + WRITING, whole, chosen.rows, chosen.rounds)]
        (spoilt,) = measured(["cbrn_data"], data(place, chosen.rows, 0.01), chosen.rows, chosen.rounds)
        large = (
            measured(["limit", "cbrn_data", "cbrn_data publish, CSV"], data(place, 10 * chosen.rows), 10 * chosen.rows, 1)
            if chosen.large
            else []
        )
    lines = page(runs, spoilt, large)
    print("\n".join(lines))
    (DOCS / "benchmark.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    plot(runs)


def page(runs: list[Run], spoilt: Run, large: list[Run]) -> list[str]:
    """Return the page as lines of Markdown: the ratios that matter, and every figure."""
    of = {run.peer: run for run in runs}
    ours, rows = of["cbrn_data"], of["cbrn_data"].rows
    ratios = [
        ("validate, against frictionless", ours.per_second / of["frictionless"].per_second, "60 × as fast"),
        ("validate, against polars by hand", ours.per_second / of["polars by hand"].per_second, "aim: as fast"),
        ("validate, against pandera on read_csv", ours.per_second / of["pandera on read_csv"].per_second, ""),
        (
            "publish as CSV, against copy + sha256",
            of["cbrn_data publish, CSV"].seconds / of["limit"].seconds,
            "4 × the time, aim 3 ×",
        ),
        ("write JSON, against polars", of["cbrn_data JSON"].seconds / of["polars JSON"].seconds, "1.5 × the time, aim 1 ×"),
        ("1 % bad rows, against none", spoilt.seconds / ours.seconds, "2 × the time, aim 1.3 ×"),
    ]
    for run in large:
        small = of[run.peer]
        ratios.append((f"{run.peer}: ten times the rows", run.seconds / small.seconds, "11 × the time, aim 10 ×"))
        ratios.append((f"{run.peer}: memory at ten times the rows", run.memory / small.memory, "1.3 ×"))
    day = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {day:%Y-%m-%d}"
    lines = [
        "# Benchmark",
        "",
        f"Made by `make benchmark` on {machine}: {rows:,} rows of about 280 bytes, all rules on, medians.",
        "",
    ]
    lines += ["| what | ratio | at least |", "| --- | ---: | --- |"]
    lines += [f"| {what} | {ratio:.2f} × | {bar} |" for what, ratio, bar in ratios]
    lines += ["", "![Rows per second](pictures/benchmark.svg)", ""]
    lines += [
        "| who | rows | seconds | rows per second | peak memory | faults |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    shown = [*runs, spoilt, *large]
    return lines + [f"| {' | '.join(_figures(run))} |" for run in shown]


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
