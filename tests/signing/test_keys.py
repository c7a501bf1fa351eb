"""Keys: made once, kept from others, of one kind, and rotated."""

from __future__ import annotations

import base64
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from cbrn_data.errors import CbrnDataError
from cbrn_data.signing.keys import (
    LOCAL_KEY,
    fingerprint,
    make_local_key,
    public_pem,
    read_public_keys,
    rotate_local_key,
    signing_key,
    trusted_keys,
)
from tests.cli.conftest import run

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PKCS8, OPENSSH, PLAIN = PrivateFormat.PKCS8, PrivateFormat.OpenSSH, NoEncryption()


def put(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def locked_openssh() -> bytes:
    """Return a key whose header says that it is encrypted; making a real one would need another library."""
    lines = private(OPENSSH).splitlines()
    plain = struct.pack(">I4sI4sI", 4, b"none", 4, b"none", 0)
    locked = struct.pack(">I10sI6sII16sI", 10, b"aes256-ctr", 6, b"bcrypt", 24, 16, bytes(16), 16)
    data = base64.b64decode(b"".join(lines[1:-1]))
    assert plain in data
    return b"\n".join([lines[0], base64.b64encode(data.replace(plain, locked)), lines[-1], b""])


def private(form: PrivateFormat, encryption: KeySerializationEncryption = PLAIN) -> bytes:
    return KEY.private_bytes(Encoding.PEM, form, encryption)


# --- the local key


def test_the_local_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    old = os.umask(0)
    try:
        key = signing_key(state, None)
    finally:
        os.umask(old)
    assert key.is_local
    assert [path.name for path in state.iterdir()] == [LOCAL_KEY]
    assert stat.S_IMODE((state / LOCAL_KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert signing_key(state, None).fingerprint == key.fingerprint
    make_local_key(state)
    assert signing_key(state, None).fingerprint == key.fingerprint


MAKE = """
import sys
from pathlib import Path
from cbrn_data.signing.keys import signing_key
sys.stdin.readline()
print(signing_key(Path(sys.argv[1]), None).fingerprint)
"""


def test_first_runs_at_once_end_with_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path / "state")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = {process.communicate()[0] for process in started}
    assert len(said) == 1 and len(said.pop()) == 65
    assert [path.name for path in (tmp_path / "state").iterdir()] == [LOCAL_KEY]


def test_a_state_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CbrnDataError, match=r"file/state.*set CBRN_DATA_STATE"):
        signing_key(tmp_path / "file" / "state", None)


def test_a_state_folder_that_nobody_can_look_at_is_named(tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match="set CBRN_DATA_STATE"):
        signing_key(tmp_path / ("x" * 300), None)


def test_rotation_keeps_the_old_key_and_both_can_be_pinned(tmp_path: Path) -> None:
    before = signing_key(tmp_path, None)
    old, new = rotate_local_key(tmp_path)
    after = signing_key(tmp_path, None)
    assert new == tmp_path / LOCAL_KEY and before.fingerprint != after.fingerprint
    assert old.name == f"signing-key-{before.fingerprint[:16]}.pem"
    assert signing_key(tmp_path, old).fingerprint == before.fingerprint
    assert stat.S_IMODE(old.stat().st_mode) == 0o600
    pinned = b"".join(public_pem(key.private.public_key()) for key in (before, after))
    assert [fingerprint(key) for key in read_public_keys(pinned, "pins")] == [before.fingerprint, after.fingerprint]


# --- a configured key


@pytest.mark.parametrize("form", [PKCS8, OPENSSH])
def test_a_configured_key_is_read_in_both_forms(form: PrivateFormat, tmp_path: Path) -> None:
    key = signing_key(tmp_path / "state", put(tmp_path, private(form)))
    assert (key.fingerprint, key.is_local) == (fingerprint(KEY.public_key()), False)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match="chmod 600") as raised:
        signing_key(tmp_path, put(tmp_path, private(PKCS8), mode))
    assert str(tmp_path) not in str(raised.value)


RSA = generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (private(PKCS8, BestAvailableEncryption(b"secret")), "not an unencrypted private key"),
        (locked_openssh(), "not an unencrypted private key"),
        (RSA.private_bytes(Encoding.PEM, PKCS8, PLAIN), "not an Ed25519 key"),
        (RSA.private_bytes(Encoding.PEM, OPENSSH, PLAIN), "not an Ed25519 key"),
        (public_pem(KEY.public_key()), "is a public key; give the file of the private key"),
        (b"", "not an unencrypted private key"),
        (b"\xff\0 OPENSSH PRIVATE KEY", "not an unencrypted private key"),
    ],
    ids=["encrypted", "encrypted-openssh", "rsa", "rsa-openssh", "public", "empty", "noise"],
)
def test_what_cannot_sign_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match=why) as raised:
        signing_key(tmp_path, put(tmp_path, data))
    assert "secret" not in str(raised.value) and "PRIVATE KEY-" not in str(raised.value)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match=r"^the configured signing key: the signing key cannot be read"):
        signing_key(tmp_path, tmp_path / "nowhere")
    with pytest.raises(CbrnDataError, match="cannot be read"):
        signing_key(tmp_path, tmp_path)


# --- trusted keys

LINE = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


@pytest.mark.parametrize(
    "data",
    [
        public_pem(KEY.public_key()),
        LINE,
        LINE + b" somebody@example.org\n",
        b"# ours\n# " + LINE.replace(b"A", b"B") + b"\n" + LINE + b"\n",
        b"\xef\xbb\xbf" + LINE + b"\r\n",
        b"# stolen\n# " + public_pem(KEY.public_key()).strip().replace(b"\n", b"\n# ") + b"\n" + LINE,
        public_pem(KEY.public_key()).replace(b"\n", b"\r\n"),
    ],
)
def test_trusted_keys_are_read_in_both_forms(data: bytes) -> None:
    assert [fingerprint(key) for key in read_public_keys(data, "pins")] == [fingerprint(KEY.public_key())]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "must contain Ed25519"),
        (b"# nothing yet\n", "must contain Ed25519"),
        (private(PKCS8), "must contain Ed25519"),
        (RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "must contain Ed25519"),
        (LINE[:40], "other than public keys"),
        (LINE + b"\n " + LINE, "other than public keys"),
        (LINE + b"\nssh-rsa AAAA\n", "other than public keys"),
        (public_pem(KEY.public_key()) + public_pem(KEY.public_key())[:-20], "other than public keys"),
        (public_pem(KEY.public_key()).replace(b"MC", b"MD"), "other than public keys"),
    ],
    ids=[
        "nothing",
        "a comment",
        "a private key",
        "an RSA key",
        "a line cut short",
        "an indented line",
        "another kind beside",
        "a block cut short",
        "a wrong header",
    ],
)
def test_what_cannot_be_trusted_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(CbrnDataError, match=f"^pins: .*{why}"):
        read_public_keys(data, "pins")


# --- the command


def test_the_command_makes_shows_and_rotates(tmp_path: Path) -> None:
    state = {"CBRN_DATA_STATE": str(tmp_path)}
    made = run("key", "make", **state)
    shown = run("key", **state)
    assert made.code == shown.code == 0 and shown.out == made.out
    first = signing_key(tmp_path, None)
    assert first.fingerprint in shown.out.replace("\n", "").replace(" ", "")
    assert public_pem(first.private.public_key()).decode() in shown.out
    rotated = run("key", "rotate", **state)
    second = signing_key(tmp_path, None)
    assert rotated.code == 0 and public_pem(second.private.public_key()).decode() in rotated.out
    assert first.fingerprint != second.fingerprint
    assert "PRIVATE" not in made.out + shown.out + rotated.out
    assert run("key", "burn", **state).code == 2
    listed = run("key", "--json", **state).json
    assert listed["fingerprint"] in run("key", **state).out and listed["pinned"] is False
    assert "-----BEGIN PUBLIC KEY-----" in listed["public_key"]
    sentence, *_ = run("key", "rotate", "--json", **state).json["said"]
    assert sentence.startswith("The old key is now ")


def test_the_command_says_whether_the_key_is_pinned(tmp_path: Path) -> None:
    pins = tmp_path / "pins"
    pins.write_bytes(LINE)
    mine, other = tmp_path / "mine", tmp_path / "other"
    for path, key in ((mine, KEY), (other, OTHER)):
        path.write_bytes(key.private_bytes(Encoding.PEM, PKCS8, PLAIN))
        path.chmod(0o600)
    environment = {"CBRN_DATA_TRUSTED_KEYS": str(pins)}
    said = [run("key", CBRN_DATA_SIGNING_KEY=str(path), **environment).out for path in (mine, other)]
    assert ["Pinned       yes" in out for out in said] == [True, False]
    assert "no; it is not in" in said[1]


def test_pins_may_be_a_link_as_mounted_secrets_are(tmp_path: Path) -> None:
    (tmp_path / "mounted").write_bytes(LINE)
    (tmp_path / "pins").symlink_to("mounted")
    assert trusted_keys(tmp_path / "pins") == read_public_keys(LINE, "pins")


def spoilt_pins(place: Path, kind: str) -> Path:
    path = place / "pins"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a loop":
        path.symlink_to(path)
    elif kind != "nothing":
        path.write_bytes({"empty": b"", "noise": bytes(range(256)), "half a key": public_pem(KEY.public_key())[:60]}[kind])
    return path


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a loop", "empty", "noise", "half a key"])
@pytest.mark.parametrize("command", [("key",), ("key", "rotate"), ("verify", ".")], ids=" ".join)
def test_pins_that_cannot_be_read_are_named_before_anything_is_done(
    command: tuple[str, ...], kind: str, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    first = signing_key(state, None).fingerprint
    pins = spoilt_pins(tmp_path, kind)
    done = run(*command, CBRN_DATA_STATE=str(state), CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("error:") and str(pins) in done.err.replace("\n", "")
    assert signing_key(state, None).fingerprint == first


def test_a_configured_key_is_neither_made_nor_rotated(tmp_path: Path) -> None:
    key = tmp_path / "mine"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PKCS8, PLAIN))
    key.chmod(0o600)
    for action in ("make", "rotate"):
        done = run("key", action, CBRN_DATA_STATE=str(tmp_path / "state"), CBRN_DATA_SIGNING_KEY=str(key))
        assert done.code == 2 and "CBRN_DATA_SIGNING_KEY" in done.err
    assert not (tmp_path / "state").exists()
