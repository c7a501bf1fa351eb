"""A helper process of a command, which imports its own libraries and works in parallel.

A command with much work opens one (``helper``), and code sends calls to it (``begin``). Without a helper, or if it fails,
the same function runs in this process, so the result is the same. Calls run one after the other. Arguments and results are
pickled; both processes belong to one user and run the same code.

The helper is forked, so it does not repeat the imports of this process. It ends when this process ends or is killed.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from cbrn_data.progress import stop_observing

Value = TypeVar("Value")


class _Helper:
    def __init__(self) -> None:
        self._pipe, its = Pipe()
        self._process = get_context("fork").Process(target=_serve, args=(its, self._pipe), daemon=True)
        self._process.start()
        its.close()
        self._thread = ThreadPoolExecutor(1)  # waits for one result after the other

    def begin(self, function: Callable[..., Value], *arguments: Any) -> Future[Value]:
        return self._thread.submit(self._call, function, arguments)

    def _call(self, function: Callable[..., Value], arguments: tuple[Any, ...]) -> Value:
        try:
            self._pipe.send((function, arguments))
        except (AttributeError, TypeError) as error:  # a function inside another, an open file
            raise pickle.PicklingError(str(error)) from error
        value: Value = self._pipe.recv()
        return value

    def end(self) -> None:
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        self._pipe.close()
        self._process.join()


_helper: ContextVar[_Helper | None] = ContextVar("helper", default=None)


@contextmanager
def helper() -> Iterator[None]:
    """Let ``begin`` use a second process during the body. Call it before this process starts threads."""
    try:
        one = _Helper()
    except OSError:  # no memory or no process left
        yield
        return
    token = _helper.set(one)
    try:
        yield
    finally:
        _helper.reset(token)
        one.end()


def is_open() -> bool:
    """Whether there is a second process."""
    return _helper.get() is not None


def begin(function: Callable[..., Value], *arguments: Any) -> Callable[[], Value]:
    """Start a module's function in the second process, if there is one; return a function that waits for the result.

    The returned function raises what the started function raised.
    """
    one = _helper.get()
    begun = one.begin(function, *arguments) if one else None

    def result() -> Value:
        if begun:
            with suppress(OSError, EOFError, pickle.PickleError):
                return begun.result()
        return function(*arguments)

    return result


def _serve(pipe: Connection, other: Connection) -> None:
    """Answer calls until there are no more. An error ends this process, and the other process repeats the call."""
    other.close()
    stop_observing()
    sys.stdout, sys.stderr = open(os.devnull, "w"), open(os.devnull, "w")  # noqa: SIM115
    with suppress(BaseException):
        while True:
            function, arguments = pipe.recv()
            pipe.send(function(*arguments))
    os._exit(0)
