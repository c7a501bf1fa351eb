"""A bulk table made in one process, by one worker and by two, on loopback: seconds, rates, and what is lost.

    python benchmarks/cluster.py [ROWS]

Needs the extra ``cluster``, and one free core for each worker. The three tables must be the same bytes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from distributed import LocalCluster

from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import table_of_rows
from cbrn_data.sources.source import read_sources
from cbrn_data.tables.bulk import BulkTable, Write, write_bulk
from cbrn_data.tables.cluster import PIECE, Cluster
from cbrn_data.tabular.pieces import cut_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from tests import records  # noqa: E402

LONG = "officers of three agencies exercise at a border crossing, with the equipment that they were given; " * 2


def main(rows: int) -> None:
    """Print a line for each way."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        copytree(HERE.parent / "schemas", root / "schemas")
        (root / "raw").mkdir()
        records.define(root)
        path = records.put(root, [records.row(number, id=f"t-{number:010d}", title=LONG) for number in range(rows)])
        package, sources = read_package(root / "schemas"), read_sources(root / "raw")[0]
        known = {"projects": table_of_rows(package.tables["projects"], [{"project_id": "P101"}])}
        size = path.stat().st_size
        begun = time.perf_counter()
        pieces = len(list(cut_file(path, PIECE)))
        print(f"{rows:,} rows, {size:,} bytes, {pieces} pieces, {os.cpu_count()} cores")
        _say("cutting the file", time.perf_counter() - begun, rows, size)

        def timed(name: str, write: Write) -> BulkTable:
            out = root / name.replace(" ", "-")
            out.mkdir()
            begun = time.perf_counter()
            made = write(sources[0], package, known, out)
            _say(name, time.perf_counter() - begun, rows, size)
            for file in out.iterdir():
                file.unlink()
            return made

        made = [timed("one process", write_bulk)]
        for workers in (1, 2):
            with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local:
                cluster = Cluster(local.scheduler_address, _same, small=0)
                made.append(timed(f"cluster of {workers}", cluster.write))
                cluster.close()
        digests = {tuple(file.sha256 for _, file in sorted(each.table.files.items())) for each in made}
        assert len(digests) == 1, "the tables differ"


def _same() -> str:
    return "the workers are children of this process"


def _say(name: str, seconds: float, rows: int, size: int) -> None:
    print(f"{name:24} {seconds:7.1f} s  {rows / seconds:12,.0f} rows/s  {size / seconds / 1e6:8,.0f} MB/s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
