"""Where a table is cut into parts: at the same rows however they come, near each other only, and of bounded size."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cbrn_data.errors import ReleaseError
from cbrn_data.schema import parts
from cbrn_data.schema.parts import Cutter, Edges, part_name
from cbrn_data.store import disk, remembered
from cbrn_data.store.names import check_names
from cbrn_data.tabular.keys import hashed
from tests import records

LEAST = 2000
ROWS = 4000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LEAST", LEAST)


HASHES = parts._spread(hashed([pa.array([f"t-{number:06d}" for number in range(ROWS)])]))
SIZES = np.random.default_rng(1).integers(30, 90, ROWS)


def cuts(hashes: parts._Hashes, sizes: parts._Ints, block: int) -> list[int]:
    cutter = Cutter(None)  # type: ignore[arg-type]
    found = [
        cut
        for at in range(0, len(hashes), block)
        for cut in cutter.add_rows(hashes[at : at + block], sizes[at : at + block])
    ]
    found += cutter.finish()
    assert cutter.decided == len(hashes)
    return found


def test_parts_have_their_sizes_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = np.cumsum(SIZES) - SIZES
    for most in (32, 4):
        monkeypatch.setattr(parts, "MOST", most)
        found = cuts(HASHES, SIZES, ROWS)
        assert found == cuts(HASHES, SIZES, 7) == cuts(HASHES, SIZES, 999)
        sizes = np.diff([0, *starts[found], SIZES.sum()])
        assert sizes.min() >= LEAST and sizes.max() <= most * LEAST
        assert sizes.mean() < 3 * LEAST


@examples(max_examples=40, deadline=None)
@given(st.integers(0, ROWS - 1), st.integers(0, 2**64 - 1), st.integers(1, 5000))
def test_a_row_moves_only_the_ends_of_its_part(row: int, value: int, size: int) -> None:
    before = [0, *cuts(HASHES, SIZES, ROWS), ROWS]
    end = next(place for place, cut in enumerate(before) if cut > row)
    near = {before[end - 1], before[end]}
    inserted = cuts(np.insert(HASHES, row, np.uint64(value)), np.insert(SIZES, row, size), ROWS)
    away = {cut - (cut > row) for cut in inserted} ^ set(before[1:-1])
    bounds = before[max(end - 2, 0)], before[min(end + 1, len(before) - 1)]
    assert all(cut in near or bounds[0] < cut < bounds[1] for cut in away)
    removed = cuts(np.delete(HASHES, row), np.delete(SIZES, row), ROWS)
    away = {cut + (cut >= row) for cut in removed} ^ set(before[1:-1])
    assert all(cut in near or bounds[0] < cut < bounds[1] for cut in away)


@examples(max_examples=40, deadline=None)
@given(st.integers(0, ROWS - 1), st.integers(0, 2**64 - 1), st.integers(1, 5000), st.booleans())
def test_a_part_that_changed_is_cut_alone_if_its_edges_hold(row: int, value: int, size: int, is_new: bool) -> None:
    """Its rows alone, and the first key of the next part, say whether the cuts of the whole table stay where they were."""
    before = [0, *cuts(HASHES, SIZES, ROWS), ROWS]
    end = next(place for place, cut in enumerate(before) if cut > row)
    start, stop = before[end - 1], before[end]
    put = np.insert if is_new else lambda rows, at, value: np.concatenate([rows[:at], [value], rows[at + 1 :]])
    hashes, sizes = put(HASHES, row, np.uint64(value)).astype(np.uint64), put(SIZES, row, size)
    stop_now = stop + is_new
    cutter = Cutter(None)  # type: ignore[arg-type]
    alone = [*cutter.add_rows(hashes[start:stop_now], sizes[start:stop_now]), *cutter.finish()]
    begins = start == 0 or (hashes[start] == HASHES[start] and cutter.edges.follow(Edges.unchanged(0)))
    ends = stop == ROWS or Edges.unchanged(int(HASHES[stop])).follow(cutter.edges)
    whole = cuts(hashes, sizes, ROWS)
    kept = [*before[1 : end - 1 + (start > 0)], *(start + cut for cut in alone), *(cut + is_new for cut in before[end:-1])]
    assert not (begins and ends) or whole == kept


def test_a_long_key_gives_a_name_of_its_own() -> None:
    first, second = (part_name("trainings", "k" * 90 + end) for end in "ab")
    assert first != second and len(first) < 90
    check_names([first, second])


@pytest.mark.parametrize("system_copies", [True, False])
def test_a_digest_is_remembered_until_the_file_changes(
    system_copies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EXDEV, "two file systems")

    if not system_copies:
        monkeypatch.setattr(os, "copy_file_range", refuse)
    file, memory = tmp_path / "part.csv", tmp_path / "cache" / remembered.FILE
    data = records.HEADER.encode()
    for module in (disk, remembered):
        monkeypatch.setattr(module, "LARGE", 0)
    (tmp_path / "made.csv").write_bytes(data)
    with remembered.remembering(memory):
        disk.create(file, disk.FileRef(tmp_path / "made.csv", disk.sha256_of(data), len(data)))
    with remembered.remembering(memory):
        assert file.read_bytes() == data
        assert remembered.known_digest(file.stat()) == disk.sha256_of(data) == disk.digest(file)
        (tmp_path / "link.csv").hardlink_to(file)
        assert remembered.known_digest((tmp_path / "link.csv").stat()) == disk.sha256_of(data)
        (tmp_path / "other.csv").symlink_to(file)
        with pytest.raises(ReleaseError, match="symbolic link"):
            disk.digest(tmp_path / "other.csv")
    with remembered.remembering(memory):
        file.write_bytes(b"x" * len(data))
        assert disk.digest(file) == disk.sha256_of(b"x" * len(data))
    assert remembered.known_digest(file.stat()) is None


@pytest.mark.parametrize("change", ["none", "before", "meanwhile"])
def test_a_copy_is_read_again_unless_its_file_is_as_this_run_read_it(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copy, data = tmp_path / "source.csv", tmp_path / "copy.csv", b"a source" * 100
    source.write_bytes(data)
    os.utime(source, (1e9, 1e9))
    monkeypatch.setattr(disk, "LARGE", 0)
    monkeypatch.setattr(remembered, "_RECENT", -1.0)
    file = disk.FileRef(source, disk.sha256_of(data), len(data), settled=remembered.settled(source.stat()))
    read, copied = list[int](), os.copy_file_range

    def edit() -> None:
        with source.open("r+b") as there:
            there.write(b"A")

    def copy_and_edit(*arguments: int) -> int:
        edit()
        return copied(*arguments)

    monkeypatch.setattr(os, "pread", lambda *arguments: read.append(1) or data[:0])  # type: ignore[func-returns-value]
    if change == "before":
        edit()
    if change == "meanwhile":
        monkeypatch.setattr(os, "copy_file_range", copy_and_edit)
        with pytest.raises(ReleaseError, match=r"source\.csv: was changed while it was copied"):
            disk.create(copy, file)
        return
    disk.create(copy, file)
    assert copy.read_bytes() == source.read_bytes() and bool(read) == (change == "before")


def test_a_file_that_changed_just_now_is_not_settled(tmp_path: Path) -> None:
    (tmp_path / "source.csv").write_bytes(b"a source")
    os.utime(tmp_path / "source.csv", (1e9, 1e9))  # times can be set back, but not the time of change
    assert remembered.settled((tmp_path / "source.csv").stat()) == ""


def test_a_small_file_that_changed_within_its_old_time_is_read_again(tmp_path: Path) -> None:
    file, memory, old = tmp_path / "small.csv", tmp_path / "cache" / remembered.FILE, (1e9, 1e9)
    for data in (b"1", b"1", b"2"):
        if not file.exists() or file.read_bytes() != data:
            file.write_bytes(data)
            os.utime(file, old)
        with remembered.remembering(memory):
            assert (remembered.known_digest(file.stat()) is None) == (data == b"2" or not memory.exists())
            assert disk.digest(file) == disk.sha256_of(data)
