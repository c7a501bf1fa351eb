"""The errors of this package, by the person who must act.

Checks never raise; they return findings. If a step has findings that are errors, one exception carries all its findings.
The command line turns an exception into an exit code: 1 with findings, 2 for wrong usage or environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbrn_data.findings import Finding


class CbrnDataError(Exception):
    """A refusal of this package; its message is for the person who must act.

    ``findings`` has all reasons if they are findings; otherwise, the message is enough.
    """

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: tuple[Finding, ...] = tuple(sorted(findings))

    @property
    def exit_code(self) -> int:
        """1 with findings, 2 for wrong usage or environment."""
        return 1 if self.findings else 2


class MachineError(CbrnDataError):
    """The machine or a server refuses something: its administrator must act."""


class SourceError(CbrnDataError):
    """A file under ``raw/`` cannot be read or is wrong: the person who keeps the sources must act."""


class SchemaError(CbrnDataError):
    """A definition under ``schemas/`` is invalid: the person who keeps the schemas must act."""


class GateError(CbrnDataError):
    """The built tables fail their checks, so no release is made."""


class ReleaseError(CbrnDataError):
    """The store under ``published/`` cannot be read or written."""


class PushError(CbrnDataError):
    """The target of a push cannot be used, or contains something that must not be overwritten."""


class VerificationError(CbrnDataError):
    """A release or a store fails its verification."""


class UntrustedError(VerificationError):
    """The signed metadata of a store do not vouch for it."""


def extra_missing(what: str, extra: str, module: str) -> str:
    """Return the message about a missing extra of this package.

    >>> extra_missing("a cluster", "cluster", "distributed")
    "a cluster needs the extra cluster (distributed is not installed): pip install 'cbrn_data[cluster]'"
    """
    return f"{what} needs the extra {extra} ({module} is not installed): pip install 'cbrn_data[{extra}]'"
