"""Map a function over independent items, in this process or on the workers of a cluster.

A command that has a cluster opens it (``over``), and code sends calls to it (``each``). Without a cluster, the same function
runs here, so the result is the same. Arguments and results are pickled; workers see files under the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from cbrn_data.progress import tracked

Result = TypeVar("Result")

PIECE = 256 << 20
"""The approximate bytes that one call reads; for fewer, sending the call takes longer than reading them here."""


class Runner(Protocol):
    """Calls a function with ``shared`` and each of ``given`` on a cluster."""

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
    """Yield the results of a module's function for ``shared`` and each of ``given``, in order; ``name`` the step.

    A cluster starts at once, before the first result is requested.
    """
    runner = _runner.get()
    if runner:
        return runner.each(name, function, shared, given)
    return (function(shared, one) for one in tracked(name, given, len(given)))
