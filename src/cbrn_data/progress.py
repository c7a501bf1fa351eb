"""Progress of long work, reported by library code and shown by the command line and the flows.

Library code names its steps (``step``) and reports their progress. An observer (``observed``) of the command line or a flow
receives each change, and limits how often it shows one. Without an observer, nothing happens.

Why a context variable and not a parameter: steps are nested (a verification checks releases, which read tables, which read
bytes), and each function between would have to pass the parameter on. Cost: a thread shows its progress only if it runs in a
copy of the context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

_Item = TypeVar("_Item")
BYTES = "bytes"


@dataclass(eq=False)
class Step:
    """A step of ``total`` units (None: unknown, 0: nothing to do), of which some are ``done``; times are in seconds."""

    name: str
    total: float | None = None
    unit: str = ""
    done: float = 0.0
    began: float = field(default_factory=monotonic)

    @property
    def share(self) -> float | None:
        """The part that is done, from 0 to 1; None if the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    def move(self, done: float) -> None:
        """Say how much is done."""
        self.done = done
        observer = _observer.get()
        if observer is not None:
            observer.show(self)

    def advance(self, by: float = 1) -> None:
        """Say how much more is done."""
        self.move(self.done + by)


class Observer:
    """Shows steps to a person; ``steps`` are those that have begun and not ended, outermost first."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def begin(self, step: Step) -> None:
        """Show a new step."""
        self.steps.append(step)
        self.show(step)

    def show(self, step: Step) -> None:
        """Show that a step has moved; called often."""

    def end(self, step: Step) -> None:
        """Stop showing a step, which may have failed."""
        self.steps.remove(step)


_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Show the steps of the body by ``observer``."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def stop_observing() -> None:
    """Stop showing the current work."""
    _observer.set(None)


@contextmanager
def step(name: str, total: float | None = None, unit: str = "") -> Iterator[Step]:
    """Show a step while the body runs and reports its progress."""
    one, observer = Step(name, total, unit), _observer.get()
    if observer is not None:
        observer.begin(one)
    try:
        yield one
    finally:
        if observer is not None:
            observer.end(one)


def tracked(
    name: str, items: Iterable[_Item], total: int, size: Callable[[_Item], float] = lambda item: 1
) -> Iterator[_Item]:
    """Yield items, and show how many of ``total`` the caller has finished."""
    with step(name, total) as one:
        for item in items:
            yield item
            one.advance(size(item))


def advance_bytes(count: int) -> None:
    """Say that more bytes were read or written, in the innermost step that counts bytes."""
    observer = _observer.get()
    if observer is not None and (counting := [one for one in observer.steps if one.unit == BYTES]):
        counting[-1].advance(count)


def wording(one: Step) -> str:
    """Return a step in words.

    >>> wording(Step("Write the release", 3_000_000, BYTES, 1_200_000)), wording(Step("Read leaflets", 8, done=3))
    ('Write the release: 40 % of 3.0 MB', 'Read leaflets: 3 of 8')
    >>> wording(Step("Make pages", None, "pages", 1200)), wording(Step("Validate with frictionless"))
    ('Make pages: 1,200 pages', 'Validate with frictionless')
    """
    if one.share is None or one.total is None:
        unit = one.unit.removesuffix("s") if one.done == 1 else one.unit
        return f"{one.name}: {one.done:,.0f} {unit}" if unit and one.total is None else one.name
    if one.unit == BYTES:
        size = f"{one.total / 1e6:,.1f} MB" if one.total >= 1e5 else f"{one.total / 1e3:,.1f} kB"
        return f"{one.name}: {100 * one.share:.0f} % of {size}"
    return f"{one.name}: {100 * one.share:.0f} %" if one.total == 1 else f"{one.name}: {one.done:,.0f} of {one.total:,.0f}"
