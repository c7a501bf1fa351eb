"""Audit: verify every release without trusting who made it, and build those again that this very code has made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from cbrn_data.errors import VerificationError
from cbrn_data.settings import Settings, settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.verify.report import VERDICTS
from cbrn_data.verify.results import FAILED, Result, exit_code
from cbrn_data.verify.store import verify_store
from flows.reporting import TOLD, quoted, show_results, step, tells_failure


@step("Verify every release and what is derived from them")
def verify_releases(where: Settings) -> list[Result]:
    """Return what can be known without the producer."""
    return list(verify_store(where.published, trusted_keys(where.trusted_keys)))


@step("Build every release again and compare its bytes")
def build_again(where: Settings, results: Sequence[Result]) -> list[Result]:
    """Return whether the sources give the releases; those of other code are named and not judged."""
    from cbrn_data.verify.again import made_again

    return list(made_again(where.published, False, results))


@flow(name="audit")
@tells_failure
def audit(root: str = ".", published: str | None = None, rebuild: bool = True) -> State[str]:
    """Verify ``published``; fail unless every release is intact. Return the verdict in words."""
    where = settings(Path(root), Path(published) if published else None)
    results = verify_releases(where)
    if rebuild:
        results += build_again(where, quoted(results))
    verdict = VERDICTS[exit_code(results)][1]
    show_results(verdict, results)
    failed = [f"{result.subject}: {result.check}: {result.detail}" for result in results if result.result == FAILED]
    if exit_code(results) == 1:
        raise VerificationError("\n".join([verdict, *failed[:TOLD]]))
    return Completed(message=verdict, data=verdict)
