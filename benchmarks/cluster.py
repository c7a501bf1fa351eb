"""A table in parts published by one process, by a cluster of one worker and of two: seconds, CPU seconds of each process.

    python benchmarks/cluster.py [ROWS [FOLDER]]

Needs the extra ``cluster`` and ``taskset``. Each worker has a core of its own, which it shares with the scheduler and the
publishing process; one process has one core. The releases must be the same bytes, which are made without pages.

Seconds tell nothing on a busy machine, so two workers are also compared with one by CPU seconds: the publishing process and
the workers mostly wait for each other, so a run takes what the publisher uses, and the worker that uses more.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory

import parts

from tests import records

HERE = Path(__file__).resolve().parent
PUBLISH = """
from cbrn_data import pipeline
pipeline.pages = lambda releases, base_url: {}
from cbrn_data.cli import main
main()
"""


class Timed:
    """A process on some cores; ``end`` returns its CPU seconds, after it was killed if it does not end itself."""

    def __init__(self, cores: str, root: Path, *command: str) -> None:
        environment = os.environ | {"SOURCE_DATE_EPOCH": "1795305600", "CBRN_DATA_STATE": str(root / "state")}
        environment |= {"TMPDIR": str(root), "PYTHONPATH": str(HERE.parent / "src")}
        command = ("taskset", "--cpu-list", cores, sys.executable, *command)
        with (root / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)

    def end(self, is_killed: bool = False) -> float:
        if is_killed:
            self._process.kill()
        _, status, used = os.wait4(self._process.pid, 0)
        if not is_killed and status:
            raise SystemExit("a publication failed; see the log")
        return used.ru_utime + used.ru_stime


@contextmanager
def cluster(root: Path, workers: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Run a scheduler and workers; yield their address, and their CPU seconds, which are known after the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    used: dict[str, float] = {}
    port = address.rpartition(":")[2]
    scheduler = ("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
    running = {"scheduler": Timed("0,1", root, *scheduler)}
    for number in range(workers):
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(root))
        worker = ("-m", "distributed.cli.dask_worker", address, *options)
        running[f"worker {number + 1}"] = Timed(str(number), root, *worker)
    from distributed import Client

    with Client(address, timeout=120, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=120)
    try:
        yield address, used
    finally:
        for name, process in running.items():
            used[name] = process.end(is_killed=True)


def publish(root: Path, cores: str, *options: str) -> tuple[float, float]:
    """Publish into a new store; return seconds, and CPU seconds of the publishing process."""
    rmtree(root / "cache", ignore_errors=True)
    begun = time.perf_counter()
    used = Timed(cores, root, "-c", PUBLISH, "publish", "--published", str(root / "new"), *options).end()
    return time.perf_counter() - begun, used


def kept(root: Path) -> bytes:
    """Return the digests of the release, and remove its store."""
    sums = (root / "new" / "releases" / "1.0.0" / "SHA256SUMS").read_bytes()
    rmtree(root / "new")
    return sums


def main(rows: int, folder: Path | None = None) -> None:
    """Print a line for each way."""
    with TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        copytree(HERE.parent / "schemas", root / "schemas")
        copytree(HERE.parent / "raw", root / "raw")
        records.define(root)
        print(f"{rows:,} rows, {parts.put(root, rows):,} bytes", flush=True)
        seconds, used = publish(root, "0")
        print(f"one process: {seconds:.1f} s, {used:.1f} CPU seconds", flush=True)
        sums, needed = kept(root), list[float]()
        for workers in (1, 2):
            with cluster(root, workers) as (address, of_each):
                cores = "0,1" if workers == 2 else "0"
                seconds, used = publish(root, cores, "--runner", "dask", "--scheduler", address)
            others = ", ".join(f"{name} {used:.1f}" for name, used in of_each.items())
            print(f"cluster of {workers}: {seconds:.1f} s; CPU seconds: publisher {used:.1f}, {others}", flush=True)
            assert kept(root) == sums, "the releases differ"
            needed.append(used + max(of_each[name] for name in of_each if name.startswith("worker")))
            print(f"the publisher uses {100 * used / (used + sum(of_each.values())):.1f} % of all", flush=True)
        print(f"two workers against one, by CPU seconds: {needed[0] / needed[1]:.2f} ×", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
