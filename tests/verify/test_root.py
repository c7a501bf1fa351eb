"""A root that is replaced by commands: keys that stay offline, a key that is stolen, and what auditors see of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data.signing.keys import public_pem
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.history import write_key
from tests.verify.conftest import Verify

pytestmark = pytest.mark.usefixtures("without_pages")


def test_two_of_three_offline_keys_replace_a_stolen_one(
    store: Path, own: Path, pins: Path, tmp_path: Path, verify: Verify
) -> None:
    private = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(21, 25)]
    one, two, _, new = (write_key(tmp_path / f"key-{number}.pem", key) for number, key in enumerate(private))
    (tmp_path / "root-keys.pem").write_bytes(b"".join(public_pem(key.public_key()) for key in private[:3]))
    (tmp_path / "new-public.pem").write_bytes(public_pem(private[3].public_key()))
    draft, memory = tmp_path / "next-root.json", tmp_path / "memory.json"

    def key(action: str, *options: object, by: Path = own) -> tuple[int, str]:
        where = ("--root", PROJECT, "--published", store)
        done = run("key", action, draft, *options, *where, CBRN_DATA_SIGNING_KEY=str(by))
        return done.code, " ".join((done.out + done.err).split())

    assert verify(store, "--remember", memory, CBRN_DATA_TRUSTED_KEYS=str(pins)).code == 0
    code, said = key("draft", "--root-keys", tmp_path / "root-keys.pem", "--threshold", 2)
    assert code == 0 and "0 of 1 signatures by keys of the root before, and 0 of 2 signatures by its own keys" in said
    for signer in (own, one):
        assert key("sign", "--key", signer)[0] == 0
    code, said = key("install")
    assert code == 2 and "has only 1 of 2 signatures by its own keys; sign it with more of the keys" in said
    assert key("sign", "--key", two)[0] == 0
    assert "Root 2 of the metadata is in force" in key("install")[1]
    assert verify(store, "--remember", memory, CBRN_DATA_TRUSTED_KEYS=str(pins)).code == 0

    # The online key is stolen: the root names a new one, which signs from now on.
    assert key("draft", "--online-keys", tmp_path / "new-public.pem")[0] == 0
    for signer in (one, two):
        assert key("sign", "--key", signer)[0] == 0
    code, said = key("install")
    assert code == 2 and "does not name the key that signs here" in said
    assert key("install", by=new)[0] == 0
    said_now = verify(store, "--remember", memory, CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert said_now.code == 0 and "root 3, of a pinned key" in said_now.of("passed")["metadata"]

    # The thief goes on with the stolen key in a copy of the state before: a root of its own, which nobody follows.
    withdrawn = run(
        "withdraw", "1.0.0", "--reason", "x", "--published", store, "--root", PROJECT, CBRN_DATA_SIGNING_KEY=str(own)
    )
    assert withdrawn.code == 0
    failed = verify(store, "--remember", memory, CBRN_DATA_TRUSTED_KEYS=str(pins)).of("failed")
    assert "timestamp was signed by 0/1 keys" in failed["metadata"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("draft",), "key draft needs a file"),
        (("show", "x.json"), "takes no file"),
        (("turn",), "use show, make, rotate, draft, sign or install"),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run("key", *arguments, "--root", tmp_path)
    assert done.code == 2 and said in " ".join(done.err.split())
