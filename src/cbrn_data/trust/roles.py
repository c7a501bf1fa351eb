"""The roles of a store's metadata: their files, validity and keys. This module needs no library for signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, Root, Signed, Snapshot, T, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from cbrn_data.errors import VerificationError
from cbrn_data.strict_json import parse

TIMESTAMP = "timestamp.json"
VERSIONED = re.compile(r"([1-9][0-9]{0,8})\.(root|targets|snapshot)\.json")
ONLINE = (Targets.type, Snapshot.type, Timestamp.type)
"""The roles of the key that also signs releases; the key of the root may be offline."""
DAYS = {Root.type: 730, Targets.type: 365, Snapshot.type: 365, Timestamp.type: 30}
"""How long the metadata of a role are valid. A publication renews those of which less than half of the time is left."""


def file_of(role: str, version: int) -> str:
    """Return the name of a role's file; only that of the timestamp has no version."""
    return TIMESTAMP if role == Timestamp.type else f"{version}.{role}.json"


def expiry(role: str, day: str) -> datetime:
    """Return when metadata that are signed on ``day`` (YYYY-MM-DD) end: a midnight in UTC."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=DAYS[role])


def is_due(signed: Signed, day: str, part: int = 2) -> bool:
    """Return whether metadata are to be renewed on ``day``: less than half of their time is left, or another ``part``."""
    return signed.expires - datetime.fromisoformat(day).replace(tzinfo=UTC) < timedelta(days=DAYS[signed.type] / part)


def due_after(signed: Signed) -> str:
    """Return the first day (YYYY-MM-DD) on which metadata are to be renewed, see ``is_due``."""
    return (signed.expires - timedelta(days=DAYS[signed.type] / 2) + timedelta(days=1)).date().isoformat()


def written(metadata: Metadata[Any]) -> bytes:
    """Return the bytes of a file of metadata, one value a line."""
    return metadata.to_bytes(JSONSerializer()) + b"\n"


def read_metadata(data: bytes, kind: type[T], name: str) -> Metadata[T]:
    """Return the metadata of a role, whose signatures are not checked. Raises VerificationError, which says ``name``."""
    try:
        parse(data)  # bounds the depth before another parser sees it
        found: Metadata[Any] = Metadata.from_bytes(data)
    except (ValueError, DeserializationError) as error:
        raise VerificationError(f"{name} is not TUF metadata") from error
    if found.signed.type != kind.type:
        raise VerificationError(f"{name} has the role {found.signed.type}, not {kind.type}")
    return found


def is_signed(root: Root, metadata: Metadata[Any]) -> bool:
    """Return whether enough keys that ``root`` names for the role of ``metadata`` signed it."""
    try:
        root.verify_delegate(metadata.signed.type, metadata.signed_bytes, metadata.signatures)
    except (RepositoryError, ValueError):
        return False
    return True


def keys_of(root: Root, role: str) -> dict[str, Key]:
    """Return the keys of a role by their id."""
    return {keyid: root.keys[keyid] for keyid in root.roles[role].keyids}


def raw(keys: Iterable[Key]) -> frozenset[str]:
    """Return Ed25519 keys as 64 hexadecimal digits each; keys of another kind are not used here."""
    return frozenset(key.keyval["public"] for key in keys if key.keytype == "ed25519")


def signed_by_enough(metadata: Metadata[Root], pins: frozenset[str]) -> bool:
    """Return whether ``pins`` (raw keys) alone reach the threshold of a root that they signed."""
    root = metadata.signed
    result = root.get_verification_result(Root.type, metadata.signed_bytes, metadata.signatures)
    return len(raw(result.signed.values()) & pins) >= root.roles[Root.type].threshold


def versions(names: Iterable[str], role: str) -> Mapping[int, str]:
    """Return the names of a role's files by version."""
    return {int(match[1]): name for name in names if (match := VERSIONED.fullmatch(name)) and match[2] == role}
