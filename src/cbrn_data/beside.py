"""A second process of a command, for what does not need the first: it imports its libraries and works at the same time.

A command that has much to do opens one (``helper``), and code says what may run there (``begin``); without one, or if it
fails, the same function runs in this process. So a helper changes no result, only when it is there. Calls run one after the
other; arguments and results are pickled, between two processes of one user that run the same code.

Why a process that is started anew: when it would fork, this one has threads (Arrow), and libraries that no other needs.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import IO, Any, TypeVar

from cbrn_data.garbage import collect_rarely
from cbrn_data.hidden import pyarrow_without_pandas

Value = TypeVar("Value")


class _Helper:
    def __init__(self, modules: tuple[str, ...]) -> None:
        command = [sys.executable, "-P", "-m", __name__, *modules]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._thread = ThreadPoolExecutor(1)  # waits for one result after the other

    def begin(self, function: Callable[..., Value], *arguments: Any) -> Future[Value]:
        return self._thread.submit(self._call, function, arguments)

    def _call(self, function: Callable[..., Value], arguments: tuple[Any, ...]) -> Value:
        assert self._process.stdin and self._process.stdout
        try:
            call = pickle.dumps((function, arguments))
        except (AttributeError, TypeError) as error:  # a function inside another, an open file
            raise pickle.PicklingError(str(error)) from error
        self._process.stdin.write(call)
        self._process.stdin.flush()
        value: Value = pickle.load(self._process.stdout)  # noqa: S301
        return value

    def end(self) -> None:
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        for stream in filter(None, (self._process.stdin, self._process.stdout)):
            with suppress(OSError):
                stream.close()
        self._process.wait()


_helper: ContextVar[_Helper | None] = ContextVar("helper", default=None)


@contextmanager
def helper(*modules: str) -> Iterator[None]:
    """Let ``begin`` use a second process, which first imports ``modules``; it is ended with the body."""
    try:
        one = _Helper(modules)
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
    """Begin a function of a module, if there is a second process; return the function that waits for its result.

    Raises what the function raises, when it is asked for the result.
    """
    one = _helper.get()
    begun = one.begin(function, *arguments) if one else None

    def result() -> Value:
        if begun:
            with suppress(OSError, EOFError, pickle.PickleError):
                return begun.result()
        return function(*arguments)

    return result


def _serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Answer calls until there are no more; whatever fails ends this process, and is done by the other."""
    while True:
        try:
            function, arguments = pickle.load(asked)  # noqa: S301
        except EOFError:
            return
        pickle.dump(function(*arguments), answers)
        answers.flush()


def main() -> None:
    """Serve the process that started this one; what is printed goes nowhere."""
    from importlib import import_module

    collect_rarely()
    pyarrow_without_pandas()
    answers, sys.stdout, sys.stderr = sys.stdout.buffer, open("/dev/null", "w"), open("/dev/null", "w")  # noqa: SIM115
    for name in sys.argv[1:]:
        import_module(name)
    with suppress(BaseException):
        _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
