"""``cbrn-data push``: what was copied where."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cbrn_data.cli.show import console, show_json
from cbrn_data.push.push import Pushed, push
from cbrn_data.settings import settings


def push_now(target: str, root: Path, published: Path | None, as_json: bool) -> None:
    """Push, with a bar on a terminal, and print what was done."""
    where = settings(root, published)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(sys.stderr), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("push", total=None)
        pushed = push(where.published, target, lambda done, total: bar.update(task, total=total, advance=done))
    if as_json:
        show_json(_as_dict(pushed))
        return
    if not pushed.is_new:
        console().print(f"Nothing new: {pushed.target} has release {pushed.newest.version} already.")
        return
    files = f"{len(pushed.put)} files ({pushed.size:,} bytes) put"
    console().print(f"{pushed.target}: {files}, {pushed.unchanged} unchanged, {len(pushed.removed)} removed.")
    console().print(f"Its newest release is {pushed.newest.version}.")


def _as_dict(pushed: Pushed) -> dict[str, object]:
    return {
        "target": pushed.target,
        "pushed": pushed.is_new,
        "newest": pushed.newest.version,
        "digest": pushed.newest.digest,
        "put": pushed.put,
        "bytes": pushed.size,
        "unchanged": pushed.unchanged,
        "removed": pushed.removed,
    }
