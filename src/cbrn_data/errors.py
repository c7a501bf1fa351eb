"""The errors of this package, split by who must act.

Checks never raise: they return findings. When the findings of a step block, one error carries all of them.
The command line turns an error into an exit code: 1 when it carries findings, 2 for wrong use or environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbrn_data.findings import Finding


class CbrnDataError(Exception):
    """Anything this package refuses to do, in words for the person who must act.

    ``findings`` holds every reason where there is more than one; the message alone is enough otherwise.
    """

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: tuple[Finding, ...] = tuple(sorted(findings))

    @property
    def exit_code(self) -> int:
        """1 when findings block, 2 for wrong use or environment."""
        return 1 if self.findings else 2


class MachineError(CbrnDataError):
    """The machine or a server refuses what a run needs: whoever keeps it must act."""


class SourceError(CbrnDataError):
    """A file under ``raw/`` cannot be read or says what cannot be: whoever keeps the sources must act."""


class SchemaError(CbrnDataError):
    """A definition under ``schemas/`` cannot be used: whoever keeps the schemas must act."""


class GateError(CbrnDataError):
    """What was built does not pass its checks, so that no release is made."""


class ReleaseError(CbrnDataError):
    """The store under ``published/`` cannot be read or written."""


class PushError(CbrnDataError):
    """The place that ``published/`` is copied to cannot be used, or holds what must not be overwritten."""


class VerificationError(CbrnDataError):
    """A release or a store does not hold what it promises."""


def extra_missing(what: str, extra: str, module: str) -> str:
    """Return the line that says which extra of this package is not installed.

    >>> extra_missing("a cluster", "cluster", "distributed")
    "a cluster needs the extra cluster (distributed is not installed): pip install 'cbrn_data[cluster]'"
    """
    return f"{what} needs the extra {extra} ({module} is not installed): pip install 'cbrn_data[{extra}]'"
