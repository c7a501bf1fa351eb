"""Other people's programs take our releases for what they are: securesystemslib, in-toto-attestation, and openssl."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf.json_format import MessageToDict, ParseDict
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from cbrn_data.signing.keys import fingerprint, public_pem
from cbrn_data.signing.provenance import PROVENANCE_TYPE
from tests.conftest import PROJECT
from tests.history import OTHER
from tests.verify import forging

PAGE = PROJECT / "docs/audit.md"


@pytest.fixture
def release(small: Path, tmp_path: Path) -> Path:
    """A copy of a release, its key beside it, and a second one before it for the chain."""
    first = Path(shutil.copytree(small / "releases/1.0.0", tmp_path / "releases/1.1.0"))
    folder = Path(shutil.copytree(first, tmp_path / "releases/1.1.1"))
    shutil.copy(folder / "public-key.pem", tmp_path / "trusted.pem")
    return folder


def envelope(folder: Path) -> Envelope:
    found = Envelope.from_dict(json.loads((folder / "attestation.json").read_bytes()))
    assert isinstance(found, Envelope)
    return found


def key_of(folder: Path) -> Ed25519PublicKey:
    key = load_pem_public_key((folder / "public-key.pem").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key


def known(key: Ed25519PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(key, keyid=fingerprint(key))


# --- libraries


def test_securesystemslib_verifies_the_envelope(release: Path) -> None:
    key = known(key_of(release))
    assert envelope(release).verify([key], 1) == {key.keyid: key}


def test_securesystemslib_refuses_another_key_and_another_payload(release: Path) -> None:
    with pytest.raises(VerificationError):
        envelope(release).verify([known(OTHER.public_key())], 1)
    changed = envelope(release)
    changed.payload += b" "
    with pytest.raises(VerificationError):
        changed.verify([known(key_of(release))], 1)


def test_securesystemslib_encodes_what_we_sign(release: Path) -> None:
    from cbrn_data.signing.attestation import encoding

    found = envelope(release)
    assert found.pae() == encoding(found.payload_type, found.payload)


def test_in_toto_takes_the_statement(release: Path) -> None:
    said = json.loads(envelope(release).payload)
    message = ParseDict(said, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    assert message.predicate_type == PROVENANCE_TYPE
    files = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()} - {"attestation.json"}
    assert {subject.name: dict(subject.digest) for subject in message.subject} == {
        name: {"sha256": forging.digest(release / name)} for name in files
    }


def test_the_predicate_has_the_fields_of_slsa_provenance(release: Path) -> None:
    """The parser refuses a name that the specification does not have."""
    said = json.loads(envelope(release).payload)["predicate"]
    message = ParseDict(said, provenance_pb2.Provenance())
    made_of = {each.name: dict(each.digest) for each in message.build_definition.resolved_dependencies}
    files = {str(path.relative_to(release)) for path in release.glob("*/**/*") if path.is_file()}
    assert made_of.keys() == {*files, "cbrn_data"}
    assert all(made_of[name] == {"sha256": forging.digest(release / name)} for name in files)
    code = json.loads((release / "release.json").read_bytes())["code"]
    assert made_of["cbrn_data"]["sha256"] == code["digest"]
    assert made_of["cbrn_data"].get("gitCommit") == code["commit"]
    assert MessageToDict(message.build_definition.external_parameters)["version"] == "1.0.0"


# --- the page for auditors, in a shell


def blocks(heading: str) -> str:
    """Return the commands of one section of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(r"(?m)^(?:    |       )(\S.*)$", section)
    assert lines
    return "\n".join(lines)


def by_hand(release: Path, trusted: Path | None = None) -> subprocess.CompletedProcess[str]:
    if not shutil.which("openssl"):
        pytest.skip("NOT PROVEN: there is no openssl here, so nobody checked a release with standard tools alone")
    work = release.parent.parent / "work"
    work.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "WORK": str(work), "TRUSTED": str(trusted or work.parent / "trusted.pem")}
    commands = blocks("With standard tools alone")
    return subprocess.run(
        ["sh", "-eu", "-c", commands], cwd=release, env=environment, capture_output=True, text=True, check=False
    )


def chained(release: Path, key: Ed25519PrivateKey) -> None:
    """Let the release follow the one before, signed by a key."""
    forging.edit_record(release, previous=forging.digest(release.parent / "1.1.0/SHA256SUMS"))
    forging.resign(release, key)
    (release.parent.parent / "trusted.pem").write_bytes(public_pem(key.public_key()))


def test_standard_tools_verify_a_release(release: Path) -> None:
    chained(release, OTHER)
    done = by_hand(release)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Signature Verified Successfully" in done.stdout
    assert f"{fingerprint(OTHER.public_key())}  -" in done.stdout
    assert "Tashkent" in done.stdout


def added(release: Path) -> None:
    (release / "more").write_text("")


def linked(release: Path) -> None:
    (release / "CHANGES.md").rename(release.parent / "x")
    (release / "CHANGES.md").symlink_to("../x")


def summed(release: Path) -> None:
    forging.flip(release / "CHANGES.md")
    forging.resum(release)


def signed_anew(release: Path) -> None:
    forging.flip(release / "CHANGES.md")
    forging.resign(release, Ed25519PrivateKey.generate())


def another_payload(release: Path) -> None:
    said = base64.b64encode(b"{}").decode()
    forging.edit_envelope(release, lambda envelope: envelope.update(payload=said))


def unchained(release: Path) -> None:
    forging.edit_record(release, previous="0" * 64)
    forging.resign(release, OTHER)


@pytest.mark.parametrize("spoil", [added, linked, summed, signed_anew, another_payload, unchained])
def test_standard_tools_see_what_is_spoilt(spoil: object, release: Path) -> None:
    chained(release, OTHER)
    assert callable(spoil)
    spoil(release)
    assert by_hand(release).returncode != 0


def test_the_program_runs_as_the_page_says(small: Path, tmp_path: Path) -> None:
    commands = blocks("With this program").replace("1.1.1", "1.0.0").replace(" published", f" '{small}'")
    shutil.copy(small / "releases/1.0.0/public-key.pem", tmp_path / "trusted.pem")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1795305600"}
    done = subprocess.run(
        ["sh", "-eu", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if not re.fullmatch(r"[^:]+: [\d,.]+ .+", line)]  # its progress
    assert (done.returncode, lines) == (0, [])
    assert done.stdout.count("store    chain") + done.stdout.count("store  chain") == 2
    assert json.loads((tmp_path / "memory.json").read_bytes()).keys() == {"metadata", "index"}
