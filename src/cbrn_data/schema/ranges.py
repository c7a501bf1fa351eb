"""The ranges of a bulk source from which the parts of its table are made, by size and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cbrn_data import foreign
from cbrn_data.tabular.blocks import read_header

_CHUNK = 4 << 20


def source_ranges(path: Path, lines: Sequence[int]) -> list[tuple[int, str]]:
    """Return size and sha256 of each range of a source; ``lines`` are those on which the ranges begin.

    The first range begins after the header, the last ends with the file. In a file with carriage returns, whose lines are
    not counted here, they are 0 and empty.
    """
    found: list[tuple[int, str]] = []
    if not lines:
        return found
    with foreign.opened(path, buffering=0) as file:
        _, begun, line = read_header(file)
        file.seek(file.tell() - len(begun))
        size, digest, next_lines = 0, hashlib.sha256(), list(reversed(lines[1:]))
        while data := file.read(_CHUNK):
            if b"\r" in data:
                return [(0, "")] * len(lines)
            ends = data.count(b"\n")
            place, whole = 0, memoryview(data)
            while next_lines and next_lines[-1] <= line + ends:
                breaks = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
                cut = int(breaks[next_lines.pop() - line - 1]) + 1
                digest.update(whole[place:cut])
                found.append((size + cut - place, digest.hexdigest()))
                size, digest, place = 0, hashlib.sha256(), cut
            digest.update(whole[place:])
            size, line = size + len(data) - place, line + ends
    return [*found, (size, digest.hexdigest())]
