"""Audit: verify every release without trusting its producer, and rebuild those that the same code made.

The state folder keeps what the last audit trusted, like ``verify --remember``. A failed audit does not change it, so the
next audit fails too, until a person acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from cbrn_data.errors import VerificationError
from cbrn_data.pipeline import audit_memory, present_key
from cbrn_data.settings import Settings, now, read_settings
from cbrn_data.signing.keys import trusted_keys
from cbrn_data.verify.audit import audit_store, remember
from cbrn_data.verify.memory import Memory, recalled
from cbrn_data.verify.report import VERDICTS
from cbrn_data.verify.results import FAILED, Result, exit_code
from flows.killed import end_tasks
from flows.reporting import FIRST, dated, quoted, report_failure, show_results, step


@step("Verify every release and the derived files")
def verify_releases(settings: Settings, max_age: int, memory: Memory) -> list[Result]:
    """Return the results of all checks that do not need the producer.

    A key that is new since the last audit fails unless the settings know it: the pinned ones, else the one that signs here.
    """
    trusted = trusted_keys(settings.trusted_keys)
    key = present_key(settings)
    known = trusted or ([key.private.public_key()] if key else [])
    return audit_store(settings.published, trusted, now()[:10], memory, max_age, known=known)


@step("Rebuild every release and compare its bytes")
def rebuild_releases(settings: Settings, results: Sequence[Result]) -> list[Result]:
    """Return whether the sources give the same releases again; releases of other code are named, but not rebuilt."""
    from cbrn_data.verify.rebuild import rebuild_all

    return list(rebuild_all(settings.published, False, results))


@flow(name="audit", flow_run_name=dated("audit"), on_crashed=[end_tasks])
@report_failure
def audit(root: str = ".", published: str | None = None, rebuild: bool = True, max_age: int = 400) -> State[str]:
    """Verify ``published``; fail unless every release is intact, and the newest at most ``max_age`` days old.

    Returns the verdict as a sentence.
    """
    settings = read_settings(Path(root), Path(published) if published else None)
    with recalled(audit_memory(settings)) as memory:
        results = verify_releases(settings, max_age, quoted(memory))
        if rebuild:
            results += rebuild_releases(settings, quoted(results))
        remember(memory, settings.published, results)
    verdict = VERDICTS[exit_code(results)][1]
    show_results(verdict, results)
    failed = [f"{result.subject}: {result.check}: {result.detail}" for result in results if result.result == FAILED]
    if exit_code(results) == 1:
        raise VerificationError("\n".join([verdict, *failed[:FIRST]]))
    return Completed(message=verdict, data=verdict)
