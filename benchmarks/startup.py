"""The time of starting, as ratios: run ``python benchmarks/startup.py [ROUNDS]`` (default 5).

Four things are started in turn, each in a process of its own, round after round, so that a busy machine slows all of
them alike; the medians are compared. The measure is the import of pandas, pandera and frictionless, which nobody who
validates with all three gets around. A first release is staged when it has passed the gate and is signed (its
``attestation.json`` is in the hidden folder); then its pages and catalogue are made, and it is committed with them.

No figure here is a test: two runs on one machine differ by more than a regression would.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PROGRAM = [str(Path(sys.executable).parent / "cbrn-data")]
IMPORTS = [sys.executable, "-c", "import frictionless, pandas, pandera.pandas"]

MEASURE = "import pandas, pandera, frictionless"
BARS = {
    MEASURE: "",
    "cbrn-data --help": "",
    "cbrn-data publish, nothing new": "1.5 ×, aim 1.2 ×",
    "cbrn-data publish, a first release, up to its commit": "2.5 ×, aim 1.5 ×",
    "cbrn-data publish, a first release, all": "",
}


def seconds(command: list[str], until: Callable[[], bool] | None = None) -> tuple[float, float]:
    """Run a command; return the seconds until ``until`` was true (or the end), and until the end."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    reached = None
    while until is not None and reached is None and process.poll() is None:
        reached = time.perf_counter() - begin if until() else None
        time.sleep(0.002)
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    whole = time.perf_counter() - begin
    return reached or whole, whole


def measure(rounds: int, place: Path) -> dict[str, list[float]]:
    """Return the seconds of each measurement, by round."""
    found: dict[str, list[float]] = {name: [] for name in BARS}
    os.environ.pop("CBRN_DATA_SIGNING_KEY", None)
    for name in ("raw", "schemas"):
        shutil.copytree(PROJECT / name, place / name)
    publish = [*PROGRAM, "publish", "--root", str(place)]
    seconds([*publish, "--published", str(place / "known")])
    seconds(IMPORTS)
    for number in range(rounds):
        fresh = place / f"fresh-{number}"
        found[MEASURE].append(seconds(IMPORTS)[1])
        found["cbrn-data --help"].append(seconds([*PROGRAM, "--help"])[1])
        found["cbrn-data publish, nothing new"].append(seconds([*publish, "--published", str(place / "known")])[1])

        def staged(fresh: Path = fresh) -> bool:
            return any(fresh.glob(".staging-*/attestation.json"))

        first, whole = seconds([*publish, "--published", str(fresh)], until=staged)
        found["cbrn-data publish, a first release, up to its commit"].append(first)
        found["cbrn-data publish, a first release, all"].append(whole)
    return found


def ratios(found: dict[str, list[float]]) -> list[str]:
    """Return the medians as rows of Markdown: as ratios, or in seconds if the bar is."""
    medians = {name: statistics.median(times) for name, times in found.items()}
    first, whole = list(medians.values())[-2:]
    rows = [(name, f"{medians[name] / medians[MEASURE]:.2f} ×", bar) for name, bar in BARS.items() if "×" in bar]
    rows.append(("cbrn-data --help", f"{medians['cbrn-data --help']:.2f} s", "0.3 s, aim 0.15 s"))
    rows.append(("the pages and catalogue of the real data", f"{whole - first:.2f} s", "3 s, aim 1 s"))
    return [f"| {what} | {ratio} | {bar} |" for what, ratio, bar in rows]


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as place:
        found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5, Path(place))
    for name, times in found.items():
        print(f"{name:55} {statistics.median(times):8.2f} s")
    print("\n".join(ratios(found)))


if __name__ == "__main__":
    main()
