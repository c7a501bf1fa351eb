"""Who vouches for a release: the first thing that is read of it, and where keys are pinned the only one until it holds.

Read are the envelope and the public keys, both of limited size, and of ``SHA256SUMS`` the digest. The keys beside a release
are a stranger's as well: without pins they only show that a release is of one hand.
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
from cbrn_data.store.folder import SUMS

SIGNATURE = "signature"
"""The name of the check."""
UNREAD = "not read, because no pinned key vouches for it"
ENVELOPE_LIMIT = 16 << 20
"""The most bytes of an attestation, or of ``SHA256SUMS``: both name each file of a release once."""


def signed_by(folder: Path, trusted: Sequence[Ed25519PublicKey]) -> tuple[str, Envelope]:
    """Return the fingerprint of the key that signed a release, and the envelope; ``SHA256SUMS`` is the one that was signed.

    The key is one of ``trusted``, without any the one beside the release. Raises CbrnDataError.
    """
    envelope = read_envelope(disk.read(folder / ATTESTATION, ENVELOPE_LIMIT))
    keys = trusted or read_public_keys(disk.read(folder / PUBLIC_KEY, KEYS_LIMIT), PUBLIC_KEY)
    found = signers(envelope, [key for key in keys if not is_small_order(key)])
    if not found:
        who = "any pinned key" if trusted else f"the key in {PUBLIC_KEY}"
        raise VerificationError(f"{ATTESTATION} is not signed by {who}")
    sums = hashlib.sha256(disk.read(folder / SUMS, ENVELOPE_LIMIT)).hexdigest()
    if read_statement(envelope.payload)[0].get(SUMS) != sums:
        raise VerificationError(f"{ATTESTATION} is of another {SUMS}")
    return fingerprint(found[0]), envelope


def signer(folder: Path, trusted: Sequence[Ed25519PublicKey]) -> str | None:
    """Return the fingerprint of the key that signed a release, None where its signature does not hold."""
    try:
        return signed_by(folder, trusted)[0]
    except CbrnDataError:
        return None
