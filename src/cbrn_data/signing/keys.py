"""The signing key, and the keys that an auditor trusts.

The setting ``keys.signing`` is the path of a private Ed25519 key (PEM PKCS8 or OpenSSH, not encrypted, readable only by its
owner). Without it, a local key is made once in the state folder. Until somebody compares its fingerprint, it only shows that
releases were made in one place. The setting ``keys.trusted`` is the path of a file of public keys (PEM blocks or
``ssh-ed25519`` lines), which auditors get out of band; several keys are allowed, so that a key can be rotated.

Messages do not give the path of a configured private key, because more people read the messages of a scheduled run than
need to know the path.
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
from tempfile import TemporaryDirectory

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError
from cbrn_data.refusals import meaning

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
"""Encodings of the points of small order, canonical or not: with such a key, OpenSSL accepts forged signatures.

The list is that of libsodium's ``ge25519_has_small_order``.
"""


@dataclass(frozen=True)
class SigningKey:
    """A private key, and whether it is the local one, which is not pinned."""

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
    """Return a public key in PEM form."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def signing_key(state: Path, configured: Path | None, name: str = "the configured signing key") -> SigningKey:
    """Return the configured key, which messages call ``name``, else the local one, which is made if it is missing.

    Raises CbrnDataError if a key cannot be read, is of another kind, or can be read by others.
    """
    if configured:
        return SigningKey(read_private_key(configured, name), is_local=False)
    path = state / LOCAL_KEY
    if not os.path.exists(path):  # unlike the method of Path, this is false if the path cannot be read
        make_local_key(state)
    return SigningKey(read_private_key(path, str(path)), is_local=True)


def make_local_key(state: Path) -> Path:
    """Make the local key unless it exists; two concurrent first runs get the same key."""
    path = state / LOCAL_KEY
    temporary = state / f".{LOCAL_KEY}.{secrets.token_hex(8)}"
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            stream.write(Ed25519PrivateKey.generate().private_bytes(*form))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
        _flush(state)
    except OSError as error:
        raise CbrnDataError(
            f"{path}: a local signing key cannot be made ({error.strerror}); set CBRN_DATA_STATE, or state in "
            "cbrn-data.toml, to another folder"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return path


def rotate_local_key(state: Path) -> tuple[Path, Path]:
    """Keep the local key under another name and replace it by a new one; return the paths of the old and the new key.

    A key exists at every moment; otherwise, another run would make one that no root names.
    """
    path = state / LOCAL_KEY
    old = state / f"signing-key-{fingerprint(read_private_key(path, str(path)).public_key())[:16]}.pem"
    try:
        with suppress(FileExistsError):
            os.link(path, old)
        with TemporaryDirectory(prefix=f".{LOCAL_KEY}.", dir=state) as made:
            make_local_key(Path(made)).replace(path)
        _flush(state)
    except OSError as error:
        raise CbrnDataError(f"{path}: cannot be renamed to {old.name} ({meaning(error)})") from error
    return old, path


def earlier_keys(state: Path) -> list[Ed25519PrivateKey]:
    """Return the local keys that were replaced and are still kept. Raises CbrnDataError."""
    return [read_private_key(path, str(path)) for path in sorted(state.glob("signing-key-*.pem"))]


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private_key(path: Path, place: str) -> Ed25519PrivateKey:
    """Return the private key in a file that only its owner can read; messages call it ``place``. Raises CbrnDataError."""
    try:
        status = path.stat()
        data = foreign.read(foreign.led_to(path), KEYS_LIMIT)
    except OSError as error:
        raise CbrnDataError(f"{place}: the signing key cannot be read ({meaning(error)})") from error
    if b"PRIVATE KEY" not in data and (b"PUBLIC KEY" in data or data.startswith(b"ssh-")):
        raise CbrnDataError(f"{place}: is a public key; give the file of the private key that belongs to it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise CbrnDataError(f"{place}: others can read this private key; run `chmod 600` on it, and consider a rotation")
    load = serialization.load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else serialization.load_pem_private_key
    try:
        key = load(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CbrnDataError(f"{place}: is not an unencrypted private key in PEM (PKCS8) or OpenSSH form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CbrnDataError(f"{place}: is not an Ed25519 key")
    return key


def read_public_keys(data: bytes, place: str) -> list[Ed25519PublicKey]:
    """Return the keys of a file of PEM blocks or ``ssh-ed25519`` lines; ``#`` begins a comment.

    Raises CbrnDataError if the file has none, or anything else, or if a key is of another kind or of small order.
    """
    left = re.sub(rb"(?m)^[ \t]*#.*$", b"", data.removeprefix(b"\xef\xbb\xbf"))
    blocks, left = _taken(rb"-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----", left)
    lines, left = _taken(rb"(?m)^(?P<key>ssh-ed25519 [A-Za-z0-9+/=]+)(?:[ \t].*)?$", left.replace(b"\r\n", b"\n"))
    if left.strip() and (blocks or lines):  # a key that the auditor believes to be pinned
        raise CbrnDataError(f"{place}: contains something other than public keys")
    try:
        keys = [serialization.load_pem_public_key(block) for block in blocks]
        keys += [serialization.load_ssh_public_key(line) for line in lines]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CbrnDataError(f"{place}: contains something other than public keys") from error
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not found or len(found) != len(keys):
        raise CbrnDataError(f"{place}: must contain Ed25519 public keys, in PEM blocks or ssh-ed25519 lines")
    if any(is_small_order(key) for key in found):
        raise CbrnDataError(f"{place}: contains a public key of small order, with which signatures can be forged")
    return found


def _taken(pattern: bytes, data: bytes) -> tuple[list[bytes], bytes]:
    """Return what matches, or its group ``key``, and the rest."""
    found = re.compile(pattern)
    return [match["key"] if found.groups else match[0] for match in found.finditer(data)], found.sub(b"", data)


def trusted_keys(path: Path | None, whose: str = "trusted keys") -> list[Ed25519PublicKey]:
    """Return the public keys in a file, empty without one; messages call them ``whose``.

    Raises CbrnDataError as ``read_public_keys``.
    """
    if path is None:
        return []
    try:
        return read_public_keys(foreign.read(foreign.led_to(path), KEYS_LIMIT), str(path))
    except OSError as error:
        raise CbrnDataError(f"{path}: the {whose} cannot be read ({meaning(error)})") from error


def is_small_order(key: Ed25519PublicKey) -> bool:
    """Return whether a key is a point of small order, for which anybody can forge signatures."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw) in _SMALL_ORDER
