"""The ranges of a bulk source from which the parts of its table are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cbrn_data import foreign
from cbrn_data.schema.bulk import Range, records_of
from cbrn_data.schema.parts import Part

_CHUNK = 1 << 20
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


@dataclass(frozen=True)
class Changed:
    """A range that replaces those of the parts from ``first`` to before ``stop``; it can be empty."""

    first: int
    stop: int
    range: Range


def part_ranges(file: BinaryIO, parts: Sequence[Part]) -> list[Range]:
    """Return the ranges of the source of parts; that of the first part begins on the line after the header."""
    _, whole = records_of(file)
    found, start = [], whole.start
    for number, part in enumerate(parts):
        found.append(Range(start, part.source_bytes, part.line if number else whole.line))
        start += part.source_bytes
    return found


def compare_sources(old: Path, new: Path, parts: Sequence[Part]) -> Iterator[Kept | Changed]:
    """Yield the ranges of the new source, in order; ``parts`` are made from the old one.

    A range is unchanged if it has the bytes of the old one, whose digest the publisher has already checked. Comparing bytes
    takes a third of the time of a digest. Raises NotAlikeError.
    """
    with foreign.opened(old, buffering=0) as before, foreign.opened(new, buffering=0) as after:
        if records_of(before)[0] != (found := records_of(after))[0]:
            raise NotAlikeError
        whole, ranges, number = found[1], part_ranges(before, parts), 0
        place, line, end = whole.start, whole.line, whole.start + whole.size
        while number < len(parts):
            of_part = ranges[number]
            if _is_at(before, of_part, after, place):
                yield Kept(number, Range(place, of_part.size, line))
                place += of_part.size
                number += 1
                line += ranges[number].line - of_part.line if number < len(parts) else 0
                continue
            stop, next_place = _next(before, after, place, end, parts, ranges, number)
            yield Changed(number, stop, Range(place, next_place - place, line))
            line, place, number = line + _lines(after, place, next_place), next_place, stop
        if place < end:
            yield Changed(number, number, Range(place, end - place, line))


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the next bytes of a file, fewer if it ends."""
    while size and (data := file.read(min(_CHUNK, size))):
        yield data
        size -= len(data)


def _is_at(before: BinaryIO, of_part: Range, after: BinaryIO, place: int) -> bool:
    """Return whether a range of one file is at a place of another."""
    before.seek(of_part.start)
    after.seek(place)
    left = of_part.size
    for data in _pieces(before, left):
        if after.read(len(data)) != data:
            return False
        left -= len(data)
    return not left


def _next(
    before: BinaryIO, after: BinaryIO, place: int, end: int, parts: Sequence[Part], ranges: Sequence[Range], number: int
) -> tuple[int, int]:
    """Return the number and the place of the next range that is unchanged; the end of the file if no range follows."""
    room = _AHEAD
    for other in range(number + 1, min(number + 1 + _SKIPPED, len(ranges))):
        room += ranges[other - 1].size
        before.seek(ranges[other].start)
        anchor = b"\n" + before.read(_ANCHOR).partition(b"\n")[0] + b"\n"
        found = _find(after, anchor, place - 1, min(place + room, end))
        if found is not None and _is_at(before, ranges[other], after, found + 1):
            return other, found + 1
    if number + 1 + _SKIPPED < len(ranges):
        raise NotAlikeError
    return len(ranges), end


def _find(file: BinaryIO, words: bytes, start: int, stop: int) -> int | None:
    """Return the first place of ``words`` between two places of a file, read piece by piece; None if they are not there."""
    file.seek(start)
    rest = b""
    for data in _pieces(file, stop - start):
        rest += data
        if (found := rest.find(words)) >= 0:
            return start + found
        start, rest = start + max(0, len(rest) - len(words)), rest[-len(words) :]
    return None


def _lines(file: BinaryIO, start: int, stop: int) -> int:
    """Return the number of lines that end in a range of a file. Raises NotAlikeError for a file with carriage returns."""
    file.seek(start)
    lines = 0
    for data in _pieces(file, stop - start):
        if b"\r" in data:
            raise NotAlikeError
        lines += data.count(b"\n")
    return lines
