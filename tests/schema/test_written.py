"""Files that are written and hashed in other threads are whole when they are closed, or the error is raised here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cbrn_data.schema.written import HashingWriter
from cbrn_data.store.disk import FileRef


def test_a_file_has_the_digest_and_size_of_its_pieces(tmp_path: Path) -> None:
    pieces = [bytes([number]) * number * 1000 for number in range(50)]
    with HashingWriter(tmp_path / "a") as file:
        for piece in pieces:
            file.write(piece)
    whole = b"".join(pieces)
    assert file.whole == FileRef(tmp_path / "a", hashlib.sha256(whole).hexdigest(), len(whole))
    assert (tmp_path / "a").read_bytes() == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("size", [1, 1 << 20], ids=["found when it is closed", "found by the next piece"])
def test_a_full_disk_is_an_error_of_who_writes(size: int) -> None:
    with pytest.raises(OSError, match="No space left"), HashingWriter(Path("/dev/full")) as file:
        file.write(bytes(size))
        file.write(bytes(size))
