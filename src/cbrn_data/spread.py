"""Work on many things, each apart from the others: in this process, or by the workers of a cluster.

A command that has a cluster opens it (``over``), and code says what may run there (``each``). The same function runs here
without one, so a cluster changes no result. Arguments and results are pickled; workers see files under the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from cbrn_data.progress import tracked

Result = TypeVar("Result")

PIECE = 256 << 20
"""The approximate bytes that one call reads; to send less takes longer than to read it here."""


class Runner(Protocol):
    """Calls a function with ``shared`` and with each of ``given``, elsewhere."""

    def each(self, name: str, function: Callable[..., Result], shared: Any, given: Sequence[Any]) -> Iterator[Result]:
        """Yield the results in order; ``name`` is what a person sees."""


_runner: ContextVar[Runner | None] = ContextVar("runner", default=None)


@contextmanager
def over(runner: Runner | None) -> Iterator[None]:
    """Let ``each`` use a cluster during the body."""
    token = _runner.set(runner)
    try:
        yield
    finally:
        _runner.reset(token)


def is_open() -> bool:
    """Whether there is a cluster."""
    return _runner.get() is not None


def each(name: str, function: Callable[..., Result], shared: Any, given: Sequence[Any]) -> Iterator[Result]:
    """Yield what a function of a module returns for ``shared`` and each of ``given``, in order; show it as ``name``.

    A cluster begins at once, before the first result is asked for.
    """
    runner = _runner.get()
    if runner:
        return runner.each(name, function, shared, given)
    return (function(shared, one) for one in tracked(name, given, len(given)))
