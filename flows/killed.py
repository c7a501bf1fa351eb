"""The tasks of killed runs: a killed process cannot say that its tasks ended, so their bars would grow for ever."""

from __future__ import annotations

from typing import Any

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

_ENDED = FlowRunFilterStateType(any_=[StateType.CRASHED, StateType.FAILED, StateType.CANCELLED])
_RUNNING = TaskRunFilterStateType(any_=[StateType.RUNNING])


def end_tasks(flow: Any = None, flow_run: Any = None, state: Any = None) -> None:
    """Mark tasks that seem to run, although their run has ended, as crashed; also a hook of a crashed flow."""
    runs, tasks = FlowRunFilterState(type=_ENDED), TaskRunFilterState(type=_RUNNING)
    with get_client(sync_client=True) as client:
        left = client.read_task_runs(flow_run_filter=FlowRunFilter(state=runs), task_run_filter=TaskRunFilter(state=tasks))
        for task_run in left:
            client.set_task_run_state(task_run.id, Crashed(message="Its run was killed."), force=True)
