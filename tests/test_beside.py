"""A second process: it gives what the same function gives here, also if it ends or cannot give it."""

from __future__ import annotations

import os
import signal
from operator import truediv
from pathlib import Path

import pytest

from cbrn_data import beside


def test_results_are_those_of_this_process_whatever_becomes_of_the_other() -> None:
    assert not beside.is_open() and beside.begin(os.path.join, "a", "b")() == "a/b"
    with beside.helper("json"):
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


def test_the_second_process_starts_without_pandas_but_can_have_it() -> None:
    arrays = "__import__('pyarrow').array(['a'])"
    with beside.helper("cbrn_data.schema.check"):
        number = beside.begin(os.getpid)()
        assert beside.begin(eval, f"{arrays}.to_pylist(), 'pandas' in __import__('sys').modules")() == (["a"], False)
        assert beside.begin(eval, f"{arrays}.to_pandas().tolist()")() == ["a"]
        assert beside.begin(os.getpid)() == number
