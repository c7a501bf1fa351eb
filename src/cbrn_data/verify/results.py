"""The results of a verification: each check yields at least one, with the file or the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.refusals import is_of_machine

STORE = "store"
"""The subject of the results about a store as a whole."""
PASSED, FAILED, NOT_CHECKED, CUT_SHORT = "passed", "failed", "not checked", "cut short"
REBUILD, DOCUMENTS, DERIVED = "rebuild", "documents", "derived again"
"""The checks of ``--rebuild``: a release, the texts of its documents, and the derived files of a store."""
KEY = "key"
"""The check for a change of key in the history, if no key is pinned."""
CODE_CHECK = "code"
"""The check of the code that a store keeps."""
FRESHNESS = "freshness"
"""The check whether the metadata are still in force by the clock."""
UNVOUCHED = "older form"
"""The check for a store without metadata."""
ERASED = "erased"
"""The check for a source that was erased: its digest is left."""
UNDOING = "withdrawal"
"""The check for a withdrawal that was undone since the store was last seen."""
MOST = 1000
"""The most faults that a check reports: an untrusted release can have any number."""


@dataclass(frozen=True)
class Result:
    """``subject`` is a version or the store; ``result`` one of the four words above.

    Names of folders and files are untrusted too, so all text is escaped for terminals and reports.
    """

    subject: str
    check: str
    result: str
    detail: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", shown(self.subject, 100))
        object.__setattr__(self, "detail", shown(self.detail, 1000))


def exit_code(results: Iterable[Result], rebuild: bool = False) -> int:
    """Return 0 if all checks passed, 3 if all releases are intact but a publication was cut short, else 1.

    If a ``rebuild`` was requested but not done, return 1.
    """
    found = list(results)
    words = {result.result for result in found}
    undone = rebuild and any(
        result.check in (REBUILD, DOCUMENTS, DERIVED) and result.result == NOT_CHECKED for result in found
    )
    return 1 if undone or FAILED in words or PASSED not in words else 3 if CUT_SHORT in words else 0


def notices(results: Iterable[Result]) -> list[str]:
    """Return the results that a person must check, whatever the exit code; equal results of many releases are merged."""
    subjects: dict[str, list[str]] = {}
    for result in results:
        if result.check in (KEY, UNDOING, ERASED, FRESHNESS, UNVOUCHED) and result.result == NOT_CHECKED:
            subjects.setdefault(result.detail, []).append(result.subject)
    return [f"{', '.join(names)}: {detail}" for detail, names in subjects.items()]


def checked(subject: str, check: str, run: Callable[[], Iterable[str]], good: str) -> Iterator[Result]:
    """Run a check that yields faults; yield a failed result for each, or one passed result.

    A release under verification can have any content, so every exception is a fault of the release, except those of the
    machine, such as a full disk, which are raised.
    """
    try:
        faults = list(islice(run(), MOST + 1))
        faults[MOST:] = [f"the first {MOST:,} faults are listed; there are more"] if len(faults) > MOST else []
    except Exception as error:
        if is_of_machine(error):
            raise
        if isinstance(error, CbrnDataError):
            faults = [finding.message for finding in error.findings] or [str(error)]
        else:
            faults = [f"cannot be checked: {type(error).__name__}: {error}"]
    for fault in faults:
        yield Result(subject, check, FAILED, shown(fault, 300))
    if not faults:
        yield Result(subject, check, PASSED, good)
