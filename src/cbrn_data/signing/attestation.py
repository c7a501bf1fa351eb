"""``attestation.json``: its payload and its signature. Pure functions of bytes, for producer and auditor.

The payload is an in-toto Statement v1. Its subjects are all files of the release except the attestation. The envelope is
DSSE v1 (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md) with one signature. ``keyid`` is only a hint;
the auditor chooses the keys. The envelope itself is not signed, so only one form of it is accepted: otherwise, spaces, the
key id or a second signature could be changed without notice.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cbrn_data.errors import VerificationError
from cbrn_data.signing.keys import fingerprint
from cbrn_data.signing.provenance import OLDER_TYPE, PROVENANCE_TYPE
from cbrn_data.strict_json import dumped, parse

ATTESTATION = "attestation.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
RELEASE_TYPES = (PROVENANCE_TYPE, OLDER_TYPE)
"""The types of the predicate of a release, that of new ones first."""


@dataclass(frozen=True)
class Envelope:
    """A DSSE envelope: the signed bytes, their type, and the signatures with the key ids they claim."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]


def statement(digests: Mapping[str, str], predicate: Mapping[str, Any], kind: str = PROVENANCE_TYPE) -> bytes:
    """Return the payload: sha256 by file name as subjects, and the data of the release as predicate of type ``kind``."""
    subjects = [{"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)]
    whole = {"_type": STATEMENT_TYPE, "subject": subjects, "predicateType": kind, "predicate": dict(predicate)}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding; lengths count bytes.

    >>> encoding("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b" ".join([b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(payload), payload])


def sign(payload: bytes, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the envelope of ``payload`` as a JSON object."""
    signature = key.sign(encoding(PAYLOAD_TYPE, payload))
    return _written(Envelope(payload, PAYLOAD_TYPE, ((fingerprint(key.public_key()), signature),)))


def _written(envelope: Envelope) -> dict[str, Any]:
    signatures = [{"keyid": keyid, "sig": base64.b64encode(sig).decode()} for keyid, sig in envelope.signatures]
    payload = base64.b64encode(envelope.payload).decode()
    return {"payload": payload, "payloadType": envelope.payload_type, "signatures": signatures}


def read_envelope(data: bytes, name: str = ATTESTATION) -> Envelope:
    """Read an envelope, which messages call ``name``.

    Raises VerificationError if it is malformed, of another type, or not written as by ``sign``.
    """
    try:
        entry = parse(data)
        signatures = tuple((str(each["keyid"]), _decoded(each["sig"])) for each in entry["signatures"])
        envelope = Envelope(_decoded(entry["payload"]), entry["payloadType"], signatures)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise VerificationError(f"{name} is not a DSSE envelope") from error
    if envelope.payload_type != PAYLOAD_TYPE:
        raise VerificationError(f"{name} is of type {str(envelope.payload_type)[:80]!r}, not {PAYLOAD_TYPE}")
    if len(signatures) != 1:
        raise VerificationError(f"{name} has {len(signatures)} signatures, not one")
    if dumped(_written(envelope)) != data:
        raise VerificationError(f"{name} is not in the form that a release has")
    return envelope


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)


def signers(envelope: Envelope, keys: Iterable[Ed25519PublicKey]) -> list[Ed25519PublicKey]:
    """Return those of ``keys`` that made one of the signatures, without using the key ids."""
    signed = encoding(envelope.payload_type, envelope.payload)
    return [key for key in keys if any(_holds(key, signature, signed) for _, signature in envelope.signatures)]


def _holds(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


class Statement(NamedTuple):
    """An in-toto statement: sha256 of its subjects by file name, its predicate and the type of that."""

    subjects: dict[str, str]
    predicate: dict[str, Any]
    kind: str


def read_statement(payload: bytes, kinds: Sequence[str] = RELEASE_TYPES, name: str = ATTESTATION) -> Statement:
    """Return the statement of a payload, whose predicate has one of the types ``kinds``.

    Raises VerificationError if the payload, of what messages call ``name``, is not such a statement.
    """
    try:
        whole = parse(payload)
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in whole["subject"]}
        repeated = len(subjects) != len(whole["subject"])
        type_, kind = whole["_type"], whole["predicateType"]
        predicate = dict(whole["predicate"])
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(f"the payload of {name} is not an in-toto statement") from error
    if type_ != STATEMENT_TYPE or kind not in kinds or repeated:
        raise VerificationError(f"the payload of {name} is not a statement about a {kinds[-1].split('/')[-2]}")
    return Statement(subjects, predicate, kind)
