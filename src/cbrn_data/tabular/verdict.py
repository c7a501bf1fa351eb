"""The result for one resource, with the size and the digests of its file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from cbrn_data.tabular.issues import Tally
from cbrn_data.tabular.opening import Hashing
from cbrn_data.tabular.resource import Resource


@dataclass
class Verdict:
    """The result for one resource; ``seconds`` is wall time, ``size`` the number of bytes read.

    ``part`` is the file that is read now, if the table is in several. Without ``is_hashed``, there are no digests.
    """

    resource: Resource
    labels: list[str] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    part: str = ""
    is_hashed: bool = True

    @property
    def valid(self) -> bool:
        """Whether the resource has no issues."""
        return not self.tally.counts

    @property
    def sha256(self) -> str:
        """The digest of its file, "" if it has several or was not read."""
        return self.digests.get("sha256", "")


def digest_file(verdict: Verdict, path: Path) -> None:
    """Read a file for its digests and size only. Raises OSError."""
    with verdict.resource.opened(path, buffering=0) as raw, ThreadPoolExecutor(1) as thread:
        file = Hashing(raw, thread, algorithms(verdict))
        while file.read(1 << 20):
            pass
        read_through(verdict, file)


def algorithms(verdict: Verdict) -> set[str]:
    """Return the algorithms of the digests of a verdict."""
    digest = verdict.resource.digest
    return {"sha256", digest[0] if digest else "sha256"} if verdict.is_hashed else set()


def read_through(verdict: Verdict, file: Hashing) -> None:
    """Keep the size and the digests of a file that was read to its end."""
    verdict.size += file.size
    verdict.digests = file.digests() if len(verdict.resource.paths) < 2 else {}
