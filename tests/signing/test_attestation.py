"""The envelope: what is signed, in which bytes, and what is not taken for one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.errors import VerificationError
from cbrn_data.signing.attestation import (
    PAYLOAD_TYPE,
    STATEMENT_TYPE,
    encoding,
    read_envelope,
    read_statement,
    sign,
    signers,
    statement,
)
from cbrn_data.signing.keys import fingerprint, is_small_order, public_pem, read_public_keys
from cbrn_data.signing.provenance import OLDER_TYPE, PROVENANCE_TYPE
from cbrn_data.strict_json import dumped

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
PAYLOAD = statement({"b.csv": "1" * 64, "a.csv": "0" * 64}, {"version": "1.0.0"})


def test_the_encoding_is_that_of_the_protocol() -> None:
    """The test vector of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md, and lengths in bytes."""
    assert encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert encoding("é", "é".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xc3\xa9"
    assert encoding("", b"") == b"DSSEv1 0  0 "


def test_a_statement_names_its_subjects_in_order() -> None:
    assert json.loads(PAYLOAD) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "a.csv", "digest": {"sha256": "0" * 64}},
            {"name": "b.csv", "digest": {"sha256": "1" * 64}},
        ],
        "predicateType": PROVENANCE_TYPE,
        "predicate": {"version": "1.0.0"},
    }
    subjects, predicate = {"a.csv": "0" * 64, "b.csv": "1" * 64}, {"version": "1.0.0"}
    assert read_statement(PAYLOAD) == (subjects, predicate, PROVENANCE_TYPE)
    assert read_statement(statement(subjects, predicate, OLDER_TYPE)) == (subjects, predicate, OLDER_TYPE)


def test_the_same_payload_and_key_give_the_same_envelope() -> None:
    assert dumped(sign(PAYLOAD, KEY)) == dumped(sign(PAYLOAD, KEY))
    assert sign(PAYLOAD, KEY)["signatures"][0]["keyid"] == fingerprint(KEY.public_key())


@given(st.binary(max_size=200))
def test_an_envelope_gives_back_what_was_signed(payload: bytes) -> None:
    envelope = read_envelope(dumped(sign(payload, KEY)))
    assert (envelope.payload, envelope.payload_type) == (payload, PAYLOAD_TYPE)
    assert signers(envelope, [OTHER.public_key(), KEY.public_key()]) == [KEY.public_key()]
    assert signers(envelope, [OTHER.public_key()]) == []


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_no_bit_of_an_envelope_can_change(place: int, bit: int) -> None:
    """Each is refused, or leaves no signer, or stands in the key id, which decides nothing and is compared by verify."""
    data = bytearray(dumped(sign(PAYLOAD, KEY)))
    data[place % len(data)] ^= 1 << bit
    try:
        envelope = read_envelope(bytes(data))
    except VerificationError:
        return
    found = signers(envelope, [KEY.public_key()])
    assert not found or envelope.signatures[0][0] != fingerprint(KEY.public_key())


def changed(**values: Any) -> bytes:
    return dumped(sign(PAYLOAD, KEY) | values)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null\n",
        b"[]\n",
        b"\xff",
        b"[" * 100_000,
        changed(payload=None),
        changed(payload="é"),
        changed(payload="e30"),
        changed(payload="e 30="),
        changed(payloadType=None),
        changed(payloadType="application/json"),
        changed(signatures=None),
        changed(signatures=[]),
        changed(signatures=[1]),
        changed(signatures=sign(PAYLOAD, KEY)["signatures"] * 2),
        changed(signatures=[{"sig": "AA=="}]),
        changed(signatures=[{"keyid": "x", "sig": "AB=="}]),
        changed(more=1),
        json.dumps(sign(PAYLOAD, KEY)).encode(),
    ],
)
def test_what_is_no_envelope_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"^attestation\.json "):
        read_envelope(data)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        PAYLOAD.replace(STATEMENT_TYPE.encode(), b"https://in-toto.io/Statement/v0.1"),
        PAYLOAD.replace(PROVENANCE_TYPE.encode(), b"https://slsa.dev/provenance/v0.2"),
        PAYLOAD.replace(b"b.csv", b"a.csv"),
        PAYLOAD.replace(b'"sha256"', b'"md5"'),
        PAYLOAD.replace(b'{"version":"1.0.0"}', b"1"),
    ],
)
def test_what_is_no_statement_of_ours_is_refused(payload: bytes) -> None:
    with pytest.raises(VerificationError, match=r"^the payload of attestation\.json "):
        read_statement(payload)


# --- keys under which anybody can sign

IDENTITY = b"\1" + bytes(31)
NOBODYS = IDENTITY + bytes(32)
"""R is the neutral point and S is zero: under the neutral point as key, S·B = R + h·A whatever h is."""


def test_a_forgery_that_openssl_takes_is_refused_here() -> None:
    key = Ed25519PublicKey.from_public_bytes(IDENTITY)
    key.verify(NOBODYS, b"whatever is said")
    forged = sign(PAYLOAD, KEY)
    forged["signatures"] = [{"keyid": fingerprint(key), "sig": base64.b64encode(NOBODYS).decode()}]
    assert signers(read_envelope(dumped(forged)), [key]) == [key]
    assert is_small_order(key)
    with pytest.raises(Exception, match="small order"):
        read_public_keys(public_pem(key), "keys")


P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def add(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    """Add two points of the curve of RFC 8032, section 5.1."""
    (x1, y1), (x2, y2) = one, two
    both = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + both, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - both, P - 2, P)
    return x % P, y % P


def point(data: bytes) -> tuple[int, int]:
    """Decode a point as most programs do, a y of P or more included."""
    whole = int.from_bytes(data, "little")
    y, sign_bit = whole % 2**255 % P, whole >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (P - x if x % 2 != sign_bit else x) % P, y


def test_the_keys_of_small_order_are_exactly_those_that_eight_times_are_nothing() -> None:
    from cbrn_data.signing.keys import _SMALL_ORDER

    assert len(_SMALL_ORDER) == 14
    for data in _SMALL_ORDER:
        found = point(data)
        for _ in range(3):
            found = add(found, found)
        assert found == (0, 1)
    values = {point(data) for data in _SMALL_ORDER}
    assert len(values) == 8, "the curve has eight points of small order"
    assert not is_small_order(KEY.public_key())
