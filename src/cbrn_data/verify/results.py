"""What a verification says: one result per check, each naming the file or the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown

PASSED, FAILED, NOT_CHECKED, CUT_SHORT = "passed", "failed", "not checked", "cut short"
REBUILDS = frozenset({"rebuild", "derived again"})
"""The checks that ``--rebuild`` asks for."""
KEY = "key"
"""The check that says where the key changed along the history and no pin tells whether that was meant."""


@dataclass(frozen=True)
class Result:
    """``subject`` is a version or the store; ``result`` one of the four words above."""

    subject: str
    check: str
    result: str
    detail: str


def exit_code(results: Iterable[Result], rebuild: bool = False) -> int:
    """0 where all holds, 3 where all releases are intact and a publication was cut short, else 1.

    ``rebuild`` says that a rebuild was asked for: then 1 as well where one could not be done.
    """
    found = list(results)
    words = {result.result for result in found}
    undone = rebuild and any(result.check in REBUILDS and result.result == NOT_CHECKED for result in found)
    return 1 if undone or FAILED in words or PASSED not in words else 3 if CUT_SHORT in words else 0


def notices(results: Iterable[Result]) -> list[str]:
    """Return what no program can judge and a person must, whatever the exit code."""
    return [
        f"{result.subject}: {result.detail}" for result in results if (result.check, result.result) == (KEY, NOT_CHECKED)
    ]


def checked(subject: str, check: str, run: Callable[[], Iterable[str]], good: str) -> Iterator[Result]:
    """Run a check that yields what is wrong; yield a result for each fault, or one that it passed.

    A release under verification may be anything, so whatever a check trips over is a fault of the release.
    """
    try:
        faults = list(run())
    except CbrnDataError as error:
        faults = [finding.message for finding in error.findings] or [str(error)]
    except Exception as error:
        faults = [f"cannot be checked: {type(error).__name__}: {error}"]
    for fault in faults:
        yield Result(subject, check, FAILED, shown(fault, 300))
    if not faults:
        yield Result(subject, check, PASSED, good)
