"""Readers that take too much, or fall over, in the process that they have for themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data.isolated import Limits, UnreadableError, read_isolated

READERS = """
import os, signal, time
from cbrn_data.isolated import UnreadableError

def words(file): return {"words": file.read().decode().split()}
def again(file): return [file.read().decode(), file.seek(0), file.read().decode()]
def environment(file): return sorted(os.environ)
def spin(file):
    while True: pass
def sleep(file): time.sleep(600)
def eat(file): return len(bytearray(8 << 30))
def talk(file): return "x" * (1 << 20)
def crash(file): os.kill(os.getpid(), signal.SIGSEGV)
def leave(file): os._exit(0)
def trip(file): raise KeyError("an object")
def refuse(file): raise UnreadableError("holds no text")
def deep(file):
    print("[" * 60000, flush=True)
    os._exit(0)
"""


@pytest.fixture(autouse=True)
def readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "foreign_readers.py").write_text(READERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CBRN_DATA_SIGNING_KEY", "/where/the/key/lies")


def test_what_a_reader_returns_comes_back() -> None:
    assert read_isolated("foreign_readers:words", "über zwei Wörter".encode()) == {"words": ["über", "zwei", "Wörter"]}
    assert read_isolated("foreign_readers:again", b"twice") == ["twice", 0, "twice"]
    assert "CBRN_DATA_SIGNING_KEY" not in read_isolated("foreign_readers:environment", b"")


@pytest.mark.parametrize(
    ("reader", "limits", "said"),
    [
        ("spin", Limits(cpu=1, seconds=60), "takes more than 1 seconds of processor time"),
        ("sleep", Limits(seconds=0.5), r"takes more than 0\.5 seconds"),
        ("eat", Limits(), "takes more than 1,024 MiB of memory"),
        ("talk", Limits(output=1 << 16), "holds more than 64 KiB of content"),
        ("crash", Limits(), r"crashes its reader \(exit code -11\)"),
        ("leave", Limits(), r"crashes its reader \(exit code 0\)"),
        ("deep", Limits(), "crashes its reader"),
        ("trip", Limits(), "cannot be read: 'an object'"),
        ("refuse", Limits(), "^holds no text$"),
    ],
)
def test_a_reader_that_fails_is_a_reason(reader: str, limits: Limits, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        read_isolated(f"foreign_readers:{reader}", b"data", limits)
