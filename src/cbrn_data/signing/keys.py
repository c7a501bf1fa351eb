"""Keys: the one that signs, and those that an auditor trusts.

``CBRN_DATA_SIGNING_KEY`` is the path of a private Ed25519 key (PEM PKCS8 or OpenSSH, not encrypted, readable by its owner
only). Without it a local key is made once in the state folder and used: it shows that releases were made in one place,
and nothing more until somebody compares it. ``CBRN_DATA_TRUSTED_KEYS`` is the path of a file of public keys (PEM blocks
or ``ssh-ed25519`` lines), handed to auditors out of band; several are allowed, so that a key can be rotated.

A configured private key is named in messages by its variable and not by its path: the messages of a scheduled run are
read by people who need not know where the key lies.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError

LOCAL_KEY = "signing-key.pem"
PUBLIC_KEY = "public-key.pem"
KEYS_LIMIT = 1 << 16
"""The most bytes of a file of keys."""

_SMALL_ORDER = frozenset(
    bytes.fromhex(encoded)
    for half in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
    for encoded in (half, f"{half[:-2]}{int(half[-2:], 16) | 0x80:02x}")
)
"""Encodings of the points of small order, canonical or not: under such a key OpenSSL accepts forged signatures.

The list is that of libsodium's ``ge25519_has_small_order``.
"""


@dataclass(frozen=True)
class SigningKey:
    """A private key and whether it is the local one, which nobody has pinned."""

    private: Ed25519PrivateKey
    is_local: bool

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the public key."""
        return fingerprint(self.private.public_key())


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the sha256 of the public key's DER form (SubjectPublicKeyInfo), in hexadecimal."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as openssl reads it."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def signing_key(state: Path, configured: Path | None) -> SigningKey:
    """Return the configured key, else the local one, which is made where there is none.

    Raises CbrnDataError where a key cannot be read, is of another kind, or can be read by others.
    """
    if configured:
        return SigningKey(_read_private(configured, "the file that CBRN_DATA_SIGNING_KEY names"), is_local=False)
    path = state / LOCAL_KEY
    if not os.path.exists(path):  # which, unlike that of Path, is false for whatever cannot be looked at
        make_local_key(state)
    return SigningKey(_read_private(path, str(path)), is_local=True)


def make_local_key(state: Path) -> Path:
    """Make the local key unless there is one; of two first runs at once both end with the same key."""
    path = state / LOCAL_KEY
    temporary = state / f".{LOCAL_KEY}.{secrets.token_hex(8)}"
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_private_pem(Ed25519PrivateKey.generate()))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
        _flush(state)
    except OSError as error:
        raise CbrnDataError(f"{path}: a local signing key cannot be made ({error.strerror}); set CBRN_DATA_STATE") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def rotate_local_key(state: Path) -> tuple[Path, Path]:
    """Set the local key aside and make another; return the path of the old and of the new one."""
    path = state / LOCAL_KEY
    old = state / f"signing-key-{fingerprint(_read_private(path, str(path)).public_key())[:16]}.pem"
    try:
        path.rename(old)
    except OSError as error:
        raise CbrnDataError(f"{path}: cannot be set aside as {old.name} ({error.strerror})") from error
    return old, make_local_key(state)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _read_private(path: Path, place: str) -> Ed25519PrivateKey:
    try:
        status = path.stat()
        data = foreign.read(foreign.led_to(path), KEYS_LIMIT)
    except OSError as error:
        raise CbrnDataError(f"{place}: the signing key cannot be read ({error.strerror})") from error
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise CbrnDataError(f"{place}: others can read this private key; run `chmod 600` on it, and think of rotating it")
    load = serialization.load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else serialization.load_pem_private_key
    try:
        key = load(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CbrnDataError(f"{place}: is no unencrypted private key in PEM (PKCS8) or OpenSSH form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CbrnDataError(f"{place}: is not an Ed25519 key")
    return key


def read_public_keys(data: bytes, place: str) -> list[Ed25519PublicKey]:
    """Return the keys of a file of PEM blocks or ``ssh-ed25519`` lines; ``#`` begins a comment.

    Raises CbrnDataError where there is none, or one is of another kind or of small order.
    """
    blocks = re.findall(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", data, re.DOTALL)
    lines = re.findall(rb"(?m)^ssh-ed25519 [A-Za-z0-9+/=]+", data)
    try:
        keys = [serialization.load_pem_public_key(block) for block in blocks]
        keys += [serialization.load_ssh_public_key(line) for line in lines]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CbrnDataError(f"{place}: holds something that is no public key") from error
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not found or len(found) != len(keys):
        raise CbrnDataError(f"{place}: must hold Ed25519 public keys, in PEM blocks or ssh-ed25519 lines")
    if any(is_small_order(key) for key in found):
        raise CbrnDataError(f"{place}: holds a public key of small order, under which signatures can be forged")
    return found


def trusted_keys(path: Path | None) -> list[Ed25519PublicKey]:
    """Return the keys of the file that an auditor pinned, none without one. Raises CbrnDataError as ``read_public_keys``."""
    if path is None:
        return []
    try:
        return read_public_keys(foreign.read(foreign.led_to(path), KEYS_LIMIT), str(path))
    except OSError as error:
        raise CbrnDataError(f"{path}: the trusted keys cannot be read ({error.strerror})") from error


def is_small_order(key: Ed25519PublicKey) -> bool:
    """Whether a key is one of the points under which anybody can make signatures that verify."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw) in _SMALL_ORDER
