"""What may stand in the place of a file, and must not be opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cbrn_data import foreign


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 << 30)


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda path: path.symlink_to("/etc/hostname"), "is a symbolic link"),
        (lambda path: os.mkfifo(path), "is not a regular file"),
        (lambda path: path.mkdir(), "is a folder, not a file"),
        (a_socket, "No such device"),
        (sparse, "claims 10,737,418,240 bytes, but is almost empty"),
    ],
    ids=["link", "pipe", "folder", "socket", "holes"],
)
def test_only_a_regular_file_of_a_known_size_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[[Path], None], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    put(Path("x"))
    for below in (None, tmp_path):
        with pytest.raises(OSError, match=said):
            foreign.read(tmp_path / "x", below=below)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/proc/self/status"])
def test_what_has_no_size_is_not_read(path: str) -> None:
    with pytest.raises(OSError, match=r"not a regular file|more bytes than"):
        foreign.read(Path(path))


@pytest.mark.parametrize("name", ["linked/secret", "../secret", "inner/../../secret", "a\0b", "/etc/hostname"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises((OSError, ValueError)):
        foreign.read(folder / name, below=folder)


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/x").write_bytes(b"four")
    assert foreign.read(tmp_path / "inner/x", 4, tmp_path) == b"four"
    with pytest.raises(foreign.RefusedError, match="more than the limit of 3"):
        foreign.read(tmp_path / "inner/x", 3)
