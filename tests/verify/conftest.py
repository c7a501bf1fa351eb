"""A store of three releases, signed with a key of the tests' own, and the command that verifies copies of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.signing.keys import public_pem
from cbrn_data.verify import store as verify_store
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import Result
from tests.cli.conftest import Done, run
from tests.conftest import Once
from tests.history import OWN, make_history
from tests.trees import copied, tree


@dataclass(frozen=True)
class Verified:
    """What ``verify --json`` said of a store: its exit code, and the detail of each result by its word and check."""

    code: int
    results: list[dict[str, str]]
    notices: list[str]

    def of(self, word: str) -> dict[str, str]:
        """Return the joined details of the results with this word, by check."""
        found: dict[str, str] = {}
        for result in self.results:
            if result["result"] == word:
                found[result["check"]] = f"{found.get(result['check'], '')} {result['subject']}: {result['detail']}"
        return found


@pytest.fixture(scope="session")
def three(once: Once, state: Path) -> Path:
    """A ``published/`` with 1.0.0, 1.1.0 and 1.1.1, dated 22, 23 and 24 November 2026; to be copied, never changed."""
    return once("history", make_history) / "three"


@pytest.fixture(scope="session")
def pins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of trusted keys that names the key of ``three``."""
    path = tmp_path_factory.mktemp("pins") / "trusted.pem"
    path.write_bytes(public_pem(OWN.public_key()))
    return path


@pytest.fixture(scope="session")
def own(once: Once) -> Path:
    """The file of the private key that signed ``three``."""
    return once("history", make_history) / "key.pem"


@pytest.fixture
def store(three: Path, tmp_path: Path) -> Path:
    """A copy of the three releases, to be spoilt."""
    return copied(three, tmp_path / "published")


def fingerprint(folder: Path | None) -> str:
    """Return a digest of every name, mode and byte in a release folder."""
    if folder is None:
        return ""
    total = hashlib.sha256()
    for name, (mode, data) in tree(folder).items():
        total.update(f"{name!r} {mode} {len(data)}\n".encode() + data)
    return total.hexdigest()


class Remembering(ReleaseAudit):
    """An audit that is made once of the same bytes: a hundred stores share most of their releases."""

    seen: dict[tuple[str, ...], tuple[list[Result], str | None]] = {}

    def run(self) -> Iterator[Result]:
        key = (
            fingerprint(self.folder),
            fingerprint(self.previous),
            str([key.public_bytes_raw() for key in self.trusted]),
            f"{self.is_vouched} {self.erased}",
            self.folder.name,
        )
        if key not in self.seen:
            self.seen[key] = list(super().run()), self.signer
        results, self.signer = self.seen[key]
        yield from results


@pytest.fixture
def older_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the releases for those of older code, which did not sign the metadata of a store."""
    monkeypatch.setattr(verify_store, "_of_signed_stores", lambda releases: None)


Verify = Callable[..., Verified]


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Run ``verify --json`` on a folder; it must end in results, never in another way.

    Whether the metadata are still in force is left out, because it depends on the day; ``tests/trust`` has it.
    """
    monkeypatch.setattr(verify_store, "ReleaseAudit", Remembering)

    def verified(folder: Path, *options: object, **environment: str) -> Verified:
        done: Done = run("verify", folder, "--json", *options, **environment)
        assert done.err == ""
        said: Any = done.json
        assert said["exit"] == done.code
        timeless = [result for result in said["results"] if result["check"] != "freshness"]
        return Verified(
            done.code,
            timeless,
            [notice for notice in said["notices"] if not any(word in notice for word in ("metadata ended", "the clock of"))],
        )

    return verified
