"""The time of starting, as ratios: run ``python benchmarks/startup.py [ROUNDS]`` (default 5).

Several things are started in turn, each in a process of its own, round after round, so that a busy machine slows all of
them alike; the medians are compared. The measure is the import of pandas, pandera and frictionless, which nobody who
validates with all three gets around. A first release is measured with its pages and catalogue, also by the processor time
of all its processes. It is staged when it has passed the gate and is signed (its ``attestation.json`` is in the hidden
folder). "Nothing new" is a run after one that found nothing new, whose record it checks. A changed cell is published into a
store of twenty releases, which grows by one each round. One region is the sources of release 1.1.0, about 600 cells; eight
regions are the sources of today.

No figure here is a test: two runs on one machine differ by more than a regression would.
"""

from __future__ import annotations

import compileall
import csv
import hashlib
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from cbrn_data import pipeline
from cbrn_data.settings import read_settings, release_date

PROJECT = Path(__file__).parent.parent
PROGRAM = [str(Path(sys.executable).parent / "cbrn-data")]
IMPORTS = [sys.executable, "-c", "import frictionless, pandas, pandera.pandas"]

MEASURE = "import pandas, pandera, frictionless"
MANY = 20
"""Number of releases of a store."""
ONE_REGION = PROJECT / "published/releases/1.1.0/sources"
HELP = "cbrn-data --help"
NOTHING_NEW = "cbrn-data publish, nothing new"
FIRST, STAGED_EIGHT, FIRST_EIGHT = (
    f"cbrn-data publish, a first release of {what}"
    for what in ("one region", "eight regions, up to its commit", "eight regions")
)
CHANGED = f"cbrn-data publish, a changed cell of eight regions after {MANY} releases"
VERIFIED, VERIFIED_MANY, VERIFIED_EIGHT = (
    f"cbrn-data verify, {what}"
    for what in ("2 releases of one region", f"{MANY} releases of one region", f"{MANY} releases of eight regions")
)
BARS = {
    MEASURE: "",
    HELP: "",
    NOTHING_NEW: "0.4 ×",
    FIRST: "2.5 ×",
    STAGED_EIGHT: "",
    FIRST_EIGHT: "",
    CHANGED: "3 ×",
    VERIFIED: "2 ×",
    VERIFIED_MANY: "4 ×",
    VERIFIED_EIGHT: "",
}
OF_PROCESSORS = {MEASURE: "", FIRST: "3.5 ×", CHANGED: "3 ×", VERIFIED_MANY: "4 ×"}
"""What is also measured in processor time, with its bar."""


def of_processors(name: str) -> str:
    """Return the name of the processor time of a measurement."""
    return f"{name}, processor time"


def seconds(command: list[str], until: Callable[[], bool] | None = None) -> tuple[float, float, float]:
    """Run a command; return the seconds until ``until`` was true (or the end), until the end, and of processors."""
    begin, before = time.perf_counter(), processor_time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    reached = None
    while until is not None and reached is None and process.poll() is None:
        reached = time.perf_counter() - begin if until() else None
        time.sleep(0.002)
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    whole = time.perf_counter() - begin
    return reached or whole, whole, processor_time() - before


def processor_time() -> float:
    """Return the seconds of processors that all ended children took, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def change_a_cell(root: Path, number: int) -> None:
    """Give the first project with a title another one, and its sidecar the digest of the file."""
    path, sidecar = root / "raw/projects.csv", root / "raw/projects.csv.yaml"
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    place = names.index("title_official")
    row = next(row for row in rows if row[place])
    row[place] = f"{row[place].partition(' (')[0]} ({number})"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
    data = path.read_bytes()
    known = re.sub(r"(?m)^sha256: .*$", f"sha256: {hashlib.sha256(data).hexdigest()}", sidecar.read_text(encoding="utf-8"))
    sidecar.write_text(re.sub(r"(?m)^bytes: .*$", f"bytes: {len(data)}", known), encoding="utf-8")


def project(root: Path, sources: Path) -> Path:
    """Make a project of these sources; return its folder."""
    shutil.copytree(sources, root / "raw")
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    return root


def many_releases(root: Path, two: Path | None = None) -> Path:
    """Publish ``MANY`` releases, each with another cell changed; ``two`` gets a copy of the store of the first two."""
    for number in range(MANY):
        if number:
            change_a_cell(root, number)
        if number in (0, 1, MANY - 1):
            seconds([*PROGRAM, "publish", "--root", str(root)])
        else:
            publish_without_pages(root)
        if number == 1 and two:
            shutil.copytree(root, two)
    return root


def publish_without_pages(root: Path) -> None:
    """Publish in this process, which has its libraries: the next publication of the program makes the pages of all."""
    settings = read_settings(root)
    with patch.object(pipeline, "pages", lambda releases, base_url: {}):
        pipeline.publish(pipeline.build(pipeline.gather(settings)), pipeline.open_store(settings), release_date())


def measure(rounds: int, place: Path) -> dict[str, list[float]]:
    """Return the seconds of each measurement, by round."""
    found: dict[str, list[float]] = {name: [] for name in (*BARS, *map(of_processors, OF_PROCESSORS))}
    os.environ.pop("CBRN_DATA_SIGNING_KEY", None)
    compileall.compile_dir(Path(pipeline.__file__).parent, quiet=1)  # as whoever installs it does
    one, eight = project(place / "one", ONE_REGION), project(place / "eight", PROJECT / "raw")
    publish_one, publish_eight = ([*PROGRAM, "publish", "--root", str(root), "--published"] for root in (one, eight))
    for _ in range(2):  # the second finds nothing new, and keeps that
        seconds([*publish_eight, str(place / "known")])
    many_one = many_releases(project(place / "many-one", ONE_REGION), place / "two")
    many_eight = many_releases(project(place / "many-eight", PROJECT / "raw"))

    def found_in(name: str, *command: str) -> None:
        _, whole, used = seconds(list(command))
        found[name].append(whole)
        if name in OF_PROCESSORS:
            found[of_processors(name)].append(used)

    seconds(IMPORTS)
    for number in range(rounds):
        fresh = place / f"fresh-{number}"

        def staged(fresh: Path = fresh) -> bool:
            return any(fresh.glob(".staging-*/attestation.json"))

        found_in(MEASURE, *IMPORTS)
        found_in(HELP, *PROGRAM, "--help")
        found_in(NOTHING_NEW, *publish_eight, str(place / "known"))
        found_in(FIRST, *publish_one, str(place / f"one-{number}"))
        first, whole, _ = seconds([*publish_eight, str(fresh)], until=staged)
        found[STAGED_EIGHT].append(first)
        found[FIRST_EIGHT].append(whole)
        for name, root in ((VERIFIED, place / "two"), (VERIFIED_MANY, many_one), (VERIFIED_EIGHT, many_eight)):
            found_in(name, *PROGRAM, "verify", "--root", str(root))
        change_a_cell(many_eight, MANY + number)
        found_in(CHANGED, *PROGRAM, "publish", "--root", str(many_eight))
    return found


def ratios(found: dict[str, list[float]]) -> list[str]:
    """Return the medians as rows of Markdown: as ratios, or in seconds if the bar is."""
    medians = {name: statistics.median(times) for name, times in found.items()}
    compared = [name for name in BARS if name not in (MEASURE, HELP, STAGED_EIGHT)]
    rows = [(name, f"{medians[name] / medians[MEASURE]:.2f} ×", BARS[name]) for name in compared]
    for name, bar in OF_PROCESSORS.items():
        if bar:
            used = medians[of_processors(name)] / medians[of_processors(MEASURE)]
            rows.append((of_processors(name), f"{used:.2f} ×", bar))
    rows.append((HELP, f"{medians[HELP]:.2f} s", "0.3 s, aim 0.15 s"))
    pages = medians[FIRST_EIGHT] - medians[STAGED_EIGHT]
    rows.append(("the pages and catalogue of eight regions", f"{pages:.2f} s", "3 s, aim 1 s"))
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
