"""Audit: verify every release without trusting who made it, and build those again that this very code has made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cbrn_data.errors import VerificationError
from cbrn_data.settings import Settings, settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.verify.report import VERDICTS
from cbrn_data.verify.results import Result, exit_code
from cbrn_data.verify.store import verify_store
from flows.reporting import show_results, told_when_refused


@task(name="Verify every release and what is derived from them", cache_policy=NO_CACHE)
def verify_releases(where: Settings) -> list[Result]:
    """Return what can be known without the producer."""
    return list(verify_store(where.published, trusted_keys(where.trusted_keys)))


@task(name="Build every release again and compare its bytes", cache_policy=NO_CACHE)
def build_again(where: Settings, results: Sequence[Result]) -> list[Result]:
    """Return whether the sources give the releases; those of other code are named and not judged."""
    from cbrn_data.verify.again import made_again

    return list(made_again(where.published, False, results))


@flow(name="audit")
def audit(root: str = ".", published: str | None = None, rebuild: bool = True) -> str:
    """Verify ``published``; fail unless every release is intact. Return the verdict in words."""
    with told_when_refused():
        where = settings(Path(root), Path(published) if published else None)
        results = verify_releases(where)
        if rebuild:
            results += build_again(where, results)
        code = exit_code(results)
        verdict = VERDICTS[code][1]
        show_results(verdict, results)
        if code == 1:
            raise VerificationError(verdict)
        return verdict
