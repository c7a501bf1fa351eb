"""Find the key that signed a release. If keys are pinned, no other part of a release is read before this succeeds.

The envelope and the public keys are read, both of limited size, and the digest of ``SHA256SUMS``. A key shipped with a
release is not trusted: without a pinned key, a signature only shows that the files belong together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.signing.attestation import ATTESTATION, Envelope, read_envelope, read_statement, signers
from cbrn_data.signing.keys import KEYS_LIMIT, PUBLIC_KEY, fingerprint, is_small_order, read_public_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, SUMS_LIMIT

SIGNATURE = "signature"
"""The name of the check."""
UNREAD = "not read, because it is not signed by a pinned key"
ENVELOPE_LIMIT = SUMS_LIMIT
"""The most bytes of an attestation, which names each file of a release once too."""


def signed_by(folder: Path, trusted: Sequence[Ed25519PublicKey]) -> tuple[str, Envelope]:
    """Return the fingerprint of the key that signed a release and its ``SHA256SUMS``, and the envelope.

    The key is one of ``trusted``, or that in the release if there are none. Raises CbrnDataError.
    """
    envelope = read_envelope(disk.read(folder / ATTESTATION, ENVELOPE_LIMIT))
    keys = trusted or read_public_keys(disk.read(folder / PUBLIC_KEY, KEYS_LIMIT), PUBLIC_KEY)
    found = signers(envelope, [key for key in keys if not is_small_order(key)])
    if not found:
        who = "any pinned key" if trusted else f"the key in {PUBLIC_KEY}"
        raise VerificationError(f"{ATTESTATION} is not signed by {who}")
    sums = hashlib.sha256(disk.read(folder / SUMS, SUMS_LIMIT)).hexdigest()
    if read_statement(envelope.payload).subjects.get(SUMS) != sums:
        raise VerificationError(f"{ATTESTATION} has another digest of {SUMS}")
    return fingerprint(found[0]), envelope


def signer(folder: Path, trusted: Sequence[Ed25519PublicKey]) -> str | None:
    """Return the fingerprint of the key that signed a release, None if its signature is not valid."""
    try:
        return signed_by(folder, trusted)[0]
    except CbrnDataError:
        return None
