"""``cbrn-data approve``: approve a plan with a key of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbrn_data.cli.pages import write_page
from cbrn_data.cli.plan import make_plan
from cbrn_data.cli.publish import step_of
from cbrn_data.cli.show import console
from cbrn_data.errors import CbrnDataError
from cbrn_data.refusals import at
from cbrn_data.release.approval import approval_file, approve, publisher_of
from cbrn_data.settings import read_settings
from cbrn_data.signing.keys import fingerprint, read_private_key
from cbrn_data.store.store import Store


def approve_plan(
    digest: str,
    key: Path,
    root: Path,
    published: Path | None,
    at_least: str = "patch",
    allow: Sequence[str] = (),
    reason: str | None = None,
) -> None:
    """Sign the digest of the present plan, and write the approval. Raises CbrnDataError for another digest."""
    settings, step = read_settings(root, published), step_of(at_least)
    settings.check_project("raw", "schemas")
    private = read_private_key(key, str(key))
    approval = approve(settings, digest, private, publisher_of(Store(settings.published).newest()))
    planned = make_plan(settings, step, allow, reason)[0]
    if planned.digest != digest:
        raise CbrnDataError(
            f"{digest} is not the digest of the present plan, which is {planned.digest}; look at the plan again with "
            "`cbrn-data plan`, and give here the options --allow, --reason and --at-least that it had"
        )
    path = approval_file(settings, digest)
    with at(path.parent):
        path.parent.mkdir(exist_ok=True)
    write_page(path, approval)
    console().print(
        f"Approved with the key {fingerprint(private.public_key())[:16]}…: {path}. Keep this file with the sources; "
        "`cbrn-data publish` and the nightly run publish the plan with this digest, and no other."
    )
