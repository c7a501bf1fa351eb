"""Identifiers of the catalogue, its datasets and the entries of the feed.

They do not contain the base address, so a harvester or a feed reader knows each again when the address changes. CKAN takes
the address of a dataset's node as its identity, so the node has such an identifier too.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from cbrn_data.store.folder import Release


def identity(releases: Sequence[Release], name: str) -> str:
    """Return the identifier of a path in ``published/``: a URN (RFC 9562) made of the path and the first release's digest.

    A release never changes, so the identifiers of a store never do. ``releases`` are oldest first, at least one.
    """
    return uuid.uuid5(uuid.UUID(releases[0].digest[:32]), name).urn
