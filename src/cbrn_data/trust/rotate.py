"""Replace the root of a store: draft the next one, sign it on the machines with the keys, install it.

The next root may name other keys, more of them, and a threshold. It is valid when enough keys of the root before and of
itself have signed it. So the keys of the root can stay offline: a draft is a file that is carried from one machine to the
next. The keys of the other roles sign at every publication.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, Role, Root

from cbrn_data.errors import CbrnDataError
from cbrn_data.store import disk
from cbrn_data.store.history import METADATA
from cbrn_data.trust.roles import ONLINE, expiry, file_of, is_signed, keys_of, read_metadata, versions, written
from cbrn_data.trust.sign import check_roots


def roots_of(published: Path) -> list[bytes]:
    """Return the roots of a store, oldest first, each signed by the one before. Raises CbrnDataError."""
    folder = published / METADATA
    there = versions(disk.entries(folder) if disk.mode(folder) else (), Root.type)
    if not there:
        raise CbrnDataError(f"{folder}: has no root yet; publish first")
    found = [disk.read(folder / file_of(Root.type, number), below=folder) for number in range(1, max(there) + 1)]
    check_roots(found, folder)
    return found


def next_root(
    newest: bytes,
    day: str,
    root_keys: Sequence[Ed25519PublicKey] = (),
    threshold: int | None = None,
    online_keys: Sequence[Ed25519PublicKey] = (),
) -> Metadata[Root]:
    """Return the root after ``newest``, unsigned; keys that are not given stay. Raises CbrnDataError for the threshold."""
    before = read_metadata(newest, Root, "the newest root").signed
    roles, keys = dict(before.roles), dict(before.keys)
    for role in (Root.type, *ONLINE):
        given = [SSlibKey.from_crypto(key) for key in (root_keys if role == Root.type else online_keys)]
        keys |= {key.keyid: key for key in given}
        names = [key.keyid for key in given] or before.roles[role].keyids
        needed = threshold if role == Root.type and threshold is not None else before.roles[role].threshold
        if not 1 <= needed <= len(set(names)):
            raise CbrnDataError(
                f"--threshold is {needed}, but must be between 1 and the number of root keys, {len(set(names))}"
            )
        roles[role] = Role(names, needed)
    used = {keyid: key for keyid, key in keys.items() if any(keyid in role.keyids for role in roles.values())}
    return Metadata(Root(before.version + 1, None, expiry(Root.type, day), used, roles, True))


def follow_up(published: Path, day: str, key: Ed25519PrivateKey, earlier: Sequence[Ed25519PrivateKey]) -> bytes | None:
    """Return the root that names ``key`` alone, signed by it and by ``earlier`` keys; None if the store needs no such root.

    It needs one if its newest root names another key to sign publications, and the earlier keys suffice to replace it.
    """
    newest = roots_of(published)[-1]
    root = read_metadata(newest, Root, "the newest root").signed
    if _raw(key) in names_keys(root, ONLINE[0]):
        return None
    draft = next_root(newest, day, [key.public_key()], 1, [key.public_key()])
    for one in (*(each for each in earlier if _raw(each) in names_keys(root, Root.type)), key):
        add_signature(draft, one)
    return None if lacking(draft, newest) else written(draft)


def _raw(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def add_signature(draft: Metadata[Root], key: Ed25519PrivateKey) -> None:
    """Sign a draft with one more key."""
    draft.sign(CryptoSigner(key, SSlibKey.from_crypto(key.public_key())), append=True)


def lacking(draft: Metadata[Root], newest: bytes) -> str:
    """Return how many signatures a draft still needs, as words; empty if it is complete."""
    before = read_metadata(newest, Root, "the newest root").signed
    needs = []
    for root, which in ((before, "the root before"), (draft.signed, "its own")):
        if not is_signed(root, draft):
            result = root.get_verification_result(Root.type, draft.signed_bytes, draft.signatures)
            needs.append(f"{len(result.signed)} of {result.threshold} signatures by {which} keys")
    return ", and ".join(needs).replace("the root before keys", "keys of the root before")


def read_draft(path: Path) -> Metadata[Root]:
    """Return a draft that a person keeps in a file. Raises CbrnDataError."""
    return read_metadata(disk.read(path, 512_000), Root, str(path))


def write_draft(path: Path, draft: Metadata[Root]) -> None:
    """Write a draft. Raises CbrnDataError."""
    with disk.explained(path):
        path.write_bytes(written(draft))


def names_keys(root: Root, role: str) -> list[str]:
    """Return the raw keys of a role, sorted."""
    return sorted(key.keyval["public"] for key in keys_of(root, role).values())
