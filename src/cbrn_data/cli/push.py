"""``cbrn-data push``: copy the store and print what was done."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.cli.show import LISTED, console, show_json
from cbrn_data.errors import CbrnDataError
from cbrn_data.push.push import Pushed, push
from cbrn_data.settings import FILE, read_settings
from cbrn_data.store.remembered import FILE as DIGESTS
from cbrn_data.store.remembered import remembering


def push_now(target: str | None, root: Path, published: Path | None, dry_run: bool, as_json: bool) -> None:
    """Push to ``target`` or to the target of the settings, and print what was done; ``dry_run`` writes nothing."""
    settings = read_settings(root, published)
    address = target or settings.push_target
    if address is None:
        raise CbrnDataError(f"no target; name one, such as s3://bucket/folder, or set push.target in {FILE}")
    with remembering(settings.cache / DIGESTS):
        pushed = push(settings.published, address, dry_run)
    if as_json:
        show_json(_as_dict(pushed, dry_run))
    elif dry_run:
        _show_dry_run(pushed)
    else:
        console().print(f"{pushed.summary}.")


def _show_dry_run(pushed: Pushed) -> None:
    """Print each file that would be uploaded or removed, releases first, in the order of a push."""
    lines = [*(f"  upload {name}" for name in pushed.put), *(f"  remove {name}" for name in pushed.removed)]
    for line in lines[:LISTED]:
        console().print(line)
    if len(lines) > LISTED:
        console().print(f"  … and {len(lines) - LISTED:,} more; --json lists all")
    files = f"{len(pushed.put)} files ({pushed.size:,} bytes)"
    console().print(
        f"Would upload {files} to {pushed.target} and remove {len(pushed.removed)}; {pushed.unchanged} unchanged."
    )


def _as_dict(pushed: Pushed, dry_run: bool) -> dict[str, object]:
    return {
        "target": pushed.target,
        "dry_run": dry_run,
        "pushed": pushed.is_new and not dry_run,
        "newest": pushed.newest.version,
        "digest": pushed.newest.digest,
        "put": pushed.put,
        "bytes": pushed.size,
        "unchanged": pushed.unchanged,
        "removed": pushed.removed,
    }
