"""The ranges of a bulk source from which the parts of its table are made, by size and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cbrn_data import foreign
from cbrn_data.schema.bulk import Range, records_of
from cbrn_data.schema.parts import Part

_CHUNK = 4 << 20
_ANCHOR = 1 << 16
"""The most bytes of the first line of a range that is looked for."""
_AHEAD = 64 << 20
"""Bytes of new rows after which the next range is looked for."""
_SKIPPED = 8
"""The most neighbouring ranges that may have changed."""


class NotAlikeError(Exception):
    """Two sources are too different to be compared by range."""


@dataclass(frozen=True)
class Kept:
    """A range that is unchanged, of the part with this number."""

    number: int
    range: Range


def part_ranges(file: BinaryIO, parts: Sequence[Part]) -> list[Range]:
    """Return the ranges of the source of parts; that of the first part begins on the line after the header."""
    _, whole = records_of(file)
    found, start = [], whole.start
    for number, part in enumerate(parts):
        found.append(Range(start, part.source_bytes, part.line if number else whole.line))
        start += part.source_bytes
    return found


def compare_sources(old: Path, new: Path, parts: Sequence[Part]) -> Iterator[Kept | Range]:
    """Yield the new source as ranges that are unchanged and ranges that are not; ``parts`` are made from the old one.

    A range that is not unchanged can be empty, where rows were removed. Each byte is read once, except where sources differ.
    Raises NotAlikeError.
    """
    with foreign.opened(old, buffering=0) as before, foreign.opened(new, buffering=0) as after:
        if records_of(before)[0] != (found := records_of(after))[0]:
            raise NotAlikeError
        whole, ranges, number = found[1], part_ranges(before, parts), 0
        place, line, end = whole.start, whole.line, whole.start + whole.size
        while number < len(parts):
            if _is_at(after, place, parts[number]):
                of_part = ranges[number]
                yield Kept(number, Range(place, of_part.size, line))
                place += of_part.size
                number += 1
                line += ranges[number].line - of_part.line if number < len(parts) else 0
                continue
            number, next_place = _next(before, after, place, end, parts, ranges, number)
            yield Range(place, next_place - place, line)
            line, place = line + _lines(after, place, next_place), next_place
        if place < end:
            yield Range(place, end - place, line)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the next bytes of a file, fewer if it ends."""
    while size and (data := file.read(min(_CHUNK, size))):
        yield data
        size -= len(data)


def _is_at(file: BinaryIO, place: int, part: Part) -> bool:
    """Return whether the range of a part is at a place of a file."""
    file.seek(place)
    digest = hashlib.sha256()
    for data in _pieces(file, part.source_bytes):
        digest.update(data)
    return digest.hexdigest() == part.source_sha256


def _next(
    before: BinaryIO,
    after: BinaryIO,
    place: int,
    end: int,
    parts: Sequence[Part],
    ranges: Sequence[Range],
    number: int,
) -> tuple[int, int]:
    """Return the number and the place of the next range that is unchanged; the end of the file if no range follows."""
    room = _AHEAD
    for other in range(number + 1, min(number + 1 + _SKIPPED, len(parts))):
        room += ranges[other - 1].size
        before.seek(ranges[other].start)
        anchor = b"\n" + before.read(_ANCHOR).partition(b"\n")[0] + b"\n"
        after.seek(place - 1)
        near = after.read(min(room, end - place) + len(anchor))
        found = near.find(anchor)
        if found >= 0 and _is_at(after, place + found, parts[other]):
            return other, place + found
    if number + 1 + _SKIPPED < len(parts):
        raise NotAlikeError
    return len(parts), end


def _lines(file: BinaryIO, start: int, stop: int) -> int:
    """Return the number of lines that end in a range of a file. Raises NotAlikeError for a file with carriage returns."""
    file.seek(start)
    lines = 0
    for data in _pieces(file, stop - start):
        if b"\r" in data:
            raise NotAlikeError
        lines += data.count(b"\n")
    return lines
