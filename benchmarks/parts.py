"""A table in parts: what a first release costs, and one in which ten rows of all changed; CPU seconds of one process each.

    python benchmarks/parts.py [ROWS [FOLDER]]

A row has 243 bytes in its source. The releases have pages, exports and catalogue, as ``cbrn-data publish`` makes them.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from tests import records  # noqa: E402

LONG = "officers of three agencies exercise at a border crossing with the equipment that they were given; " * 2
AT_ONCE = 100_000
CHANGED = 10
REST = 3
"""Seconds after which a file is no longer one that changed just now, which would be read twice."""


def lines(rows: int, changed: frozenset[int]) -> Iterator[bytes]:
    """Yield the source in pieces."""
    yield f"{records.HEADER}\n".encode()
    for start in range(0, rows, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, rows))
        yield "".join(
            f"t-{n:010d},{LONG},P101,{8 if n in changed else n % 7 + 1},2024-05-21,2024-05-22\n" for n in numbers
        ).encode()


def put(root: Path, rows: int, changed: frozenset[int] = frozenset()) -> int:
    """Write the source and its sidecar; return its size."""
    digest, size = hashlib.sha256(), 0
    path = records.put(root, [])
    with path.open("wb") as file:
        for piece in lines(rows, changed):
            digest.update(piece)
            size += file.write(piece)
    sidecar = path.with_name("trainings.csv.yaml")
    about = sidecar.read_text(encoding="utf-8").split("sha256:")[0]
    sidecar.write_text(f"{about}sha256: {digest.hexdigest()}\nbytes: {size}\non_error: reject\n", encoding="utf-8")
    time.sleep(REST)
    return size


def run(root: Path, day: int, *command: str) -> float:
    """Return the CPU seconds of a command of the project in ``root``."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(1795305600 + 86400 * day), "CBRN_DATA_STATE": str(root / "state")}
    program = [sys.executable, "-c", "from cbrn_data.cli import main; main()", *command]
    before = os.times()
    subprocess.run(program, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main(rows: int, folder: Path | None = None) -> None:
    """Print a line for each release."""
    with TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        copytree(HERE.parent / "schemas", root / "schemas")
        copytree(HERE.parent / "raw", root / "raw")
        records.define(root)
        size = put(root, rows)
        print(f"{rows:,} rows, {size:,} bytes", flush=True)
        first = run(root, 0, "publish")
        print(f"first release: {first:.1f} CPU seconds", flush=True)
        put(root, rows, frozenset(random.Random(1).sample(range(rows), CHANGED)))
        again = run(root, 1, "publish")
        print(f"{CHANGED} rows changed: {again:.1f} CPU seconds, {100 * again / first:.1f} % of the first", flush=True)
        print(f"nothing new: {run(root, 2, 'publish'):.1f} CPU seconds", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
