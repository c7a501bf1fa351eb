"""Sign a release before it is committed: add the public key, then the attestation of all other files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbrn_data.signing.attestation import ATTESTATION, sign, statement
from cbrn_data.signing.keys import PUBLIC_KEY, SigningKey, public_pem
from cbrn_data.signing.provenance import provenance
from cbrn_data.store import disk
from cbrn_data.store.folder import INFO, REPORT, SUMS, parse_checksums
from cbrn_data.strict_json import dumped, parse_object


def signature_files(staged: Path, key: SigningKey) -> Iterator[dict[str, bytes]]:
    """Yield the files to add to a staged release in two steps, because the attestation covers all files added before."""
    yield {PUBLIC_KEY: public_pem(key.private.public_key())}
    yield {ATTESTATION: dumped(sign(release_statement(staged), key.private))}


def release_statement(folder: Path) -> bytes:
    """Return the payload of the attestation of a release folder."""
    digests = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
    info = parse_object(folder / INFO, disk.read(folder / INFO))
    report = parse_object(folder / REPORT, disk.read(folder / REPORT))
    predicate = provenance(info, digests, REPORT, report["valid"])
    return statement({**digests, SUMS: disk.digest(folder / SUMS)}, predicate)
