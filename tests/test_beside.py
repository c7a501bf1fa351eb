"""A second process: it gives what the same function gives here, also if it ends or cannot give it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from operator import truediv
from pathlib import Path

import pytest

from cbrn_data import beside

KILLED = """
import os
import signal
from cbrn_data import beside
with beside.helper():
    print(beside.begin(print, "nowhere")(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_results_are_those_of_this_process_whatever_becomes_of_the_other() -> None:
    assert not beside.is_open() and beside.begin(os.path.join, "a", "b")() == "a/b"
    with beside.helper():
        first, other, large = (
            beside.begin(os.getpid),
            beside.begin(os.path.join, "a", "b"),
            beside.begin("x".__mul__, 1 << 20),
        )
        number = first()
        assert number != os.getpid() and other() == "a/b" and large() == "x" * (1 << 20)
        assert beside.begin(lambda: 3)() == 3
        assert beside.begin(os.getpid)() == number
        with pytest.raises(ZeroDivisionError):
            beside.begin(truediv, 1, 0)()
        assert beside.begin(os.getpid)() == os.getpid()  # the other ended with that error
    assert not beside.is_open() and not Path(f"/proc/{number}").exists()
    with beside.helper():
        os.kill(beside.begin(os.getpid)(), signal.SIGKILL)
        assert beside.begin(os.path.join, "a", "b")() == "a/b"


def test_the_second_process_prints_nothing_and_ends_if_the_first_is_killed() -> None:
    """The pipe of its standard output would stay open if it lived on, so the run would not return."""
    run = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (-signal.SIGKILL, "None\n")
