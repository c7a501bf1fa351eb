"""The approval of a plan by a second person, whose key is not the publisher's.

The digest of a plan is the sha256 of one JSON object: digest of the release before, version, content digest (of tables,
sources and definitions), sha256 of ``changes.csv``, and what passed the release guard. So it covers the published content,
but not the date or the code, and anyone can compute it from a release. ``approvals/<digest>.json`` in the project is the
approval: a DSSE envelope, as in ``signing.attestation``, of a statement about this digest. The release repeats it in
``release.json`` under ``approval``, with the public key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cbrn_data.errors import CbrnDataError, GateError, VerificationError
from cbrn_data.findings import Finding, shown
from cbrn_data.settings import FILE, Settings
from cbrn_data.signing.attestation import read_envelope, read_statement, sign, signers, statement
from cbrn_data.signing.keys import PUBLIC_KEY, fingerprint, is_small_order, public_pem, read_public_keys, trusted_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.strict_json import dumped

FOLDER = "approvals"
APPROVAL_TYPE = "https://cbrn-data.example/attestations/plan/v1"
_SUBJECT = "plan"
_LIMIT = 1 << 16


def plan_digest(
    previous: str | None, version: str, content_digest: str, changes: str | None, allowed: Sequence[dict[str, str]]
) -> str:
    """Return the digest of a plan; ``previous`` and ``changes`` are the digests of a release and of ``changes.csv``."""
    whole = {
        "previous": previous,
        "version": version,
        "content_digest": content_digest,
        "changes": changes,
        "allowed": list(allowed),
    }
    return disk.sha256_of(json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def approval_file(settings: Settings, digest: str) -> Path:
    """Return the place of an approval in a project, which is kept with its sources."""
    return settings.root / FOLDER / f"{digest}.json"


def approvers(settings: Settings) -> list[Ed25519PublicKey]:
    """Return the keys that may approve. Raises CbrnDataError if no file is named or it cannot be read."""
    if settings.approvers is None:
        place = settings.origins.get("approval", str(settings.root / FILE))
        raise CbrnDataError(f"{place}: plans need an approval, but keys.approvers names no file of public keys; set it")
    return trusted_keys(settings.approvers, "keys of the approvers")


def approve(settings: Settings, digest: str, key: Ed25519PrivateKey, publisher: Ed25519PublicKey | None) -> bytes:
    """Return the approval of a plan, signed with ``key``. Raises CbrnDataError if this key may not approve."""
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise CbrnDataError(f"{shown(digest, 80)!r} is not the digest of a plan; `cbrn-data plan` prints it in full")
    own = fingerprint(key.public_key())
    if publisher is not None and own == fingerprint(publisher):
        raise CbrnDataError(f"the key {own[:16]}… signs the releases; another person must approve, with another key")
    if own not in map(fingerprint, approvers(settings)):
        raise CbrnDataError(f"the key {own[:16]}… is not in {settings.approvers}; approve with a key that is")
    return dumped(sign(statement({_SUBJECT: digest}, {}, APPROVAL_TYPE), key))


def approved_by(data: bytes, digest: str, keys: Sequence[Ed25519PublicKey], name: str) -> Ed25519PublicKey:
    """Return the one of ``keys`` that signed an approval of a plan. Raises VerificationError, which calls it ``name``."""
    envelope = read_envelope(data, name)
    found = signers(envelope, [key for key in keys if not is_small_order(key)])
    if not found:
        raise VerificationError(f"{name} is not signed by a key that may approve")
    if read_statement(envelope.payload, (APPROVAL_TYPE,), name).subjects != {_SUBJECT: digest}:
        raise VerificationError(f"{name} approves another plan")
    return found[0]


def publisher_of(release: Release | None) -> Ed25519PublicKey | None:
    """Return the key that ships with a release, which signed it."""
    return read_public_keys(disk.read(release.folder / PUBLIC_KEY), PUBLIC_KEY)[0] if release else None


def find_approval(settings: Settings, digest: str, publisher: Ed25519PublicKey | None) -> dict[str, Any]:
    """Return the approval of a plan, as ``release.json`` records it.

    Raises GateError with a finding if there is no valid approval by another key than the ``publisher``'s.
    """
    path, own = approval_file(settings, digest), fingerprint(publisher) if publisher else None
    keys = [key for key in approvers(settings) if fingerprint(key) != own]
    why = f"nobody has approved the plan {digest}"
    if disk.mode(path):
        try:
            data = disk.read(path, _LIMIT)
            key = approved_by(data, digest, keys, path.name)
            return {"digest": digest, "key": public_pem(key).decode(), "envelope": json.loads(data)}
        except VerificationError as error:
            is_own = publisher is not None and _is_signed_by(publisher, data, path.name)
            why = f"{path.name} is signed by the publisher's own key, which does not count" if is_own else str(error)
    message = f"{why}; look at `cbrn-data plan --html FILE`, then run `cbrn-data approve {digest} --key FILE`"
    raise GateError("the plan waits for approval; nothing was published", [Finding("plan-unapproved", message, FOLDER)])


def _is_signed_by(key: Ed25519PublicKey, data: bytes, name: str) -> bool:
    try:
        return bool(signers(read_envelope(data, name), [key]))
    except VerificationError:
        return False


def approval_state(settings: Settings, digest: str) -> str:
    """Return in words whether a plan is approved, for people; "" if no approval is required. Publishing checks again."""
    if not settings.approval:
        return ""
    path = approval_file(settings, digest)
    if not disk.mode(path):
        return f"waits for `cbrn-data approve {digest} --key FILE`"
    try:
        key = approved_by(disk.read(path, _LIMIT), digest, approvers(settings), path.name)
    except VerificationError as error:
        return f"not valid: {error}"
    return f"approved by {fingerprint(key)}"


def approval_faults(entry: Any, digest: str, publisher: str | None) -> tuple[list[str], str]:
    """Return what is wrong with the approval that a release records, and the fingerprint of its key.

    ``digest`` is computed from the release, ``publisher`` is the fingerprint of the key that signed it.
    """
    name = "the approval in release.json"
    try:
        keys = read_public_keys(str(entry["key"]).encode(), name)
        key = approved_by(dumped(entry["envelope"]), digest, keys, name)
    except (CbrnDataError, KeyError, TypeError) as error:
        return [str(error) if isinstance(error, CbrnDataError) else f"{name} is malformed"], ""
    faults = [f"{name} names the plan {shown(str(entry.get('digest')), 80)}"] if entry.get("digest") != digest else []
    if fingerprint(key) == publisher:
        faults.append(f"{name} is signed by the publisher's own key")
    return faults, fingerprint(key)
