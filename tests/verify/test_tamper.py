"""The tamper table: a good store, and every way to spoil it that we could think of; each is caught and named."""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.signing.keys import public_pem
from cbrn_data.signing.provenance import OLDER_TYPE
from cbrn_data.store.folder import checksums
from cbrn_data.verify.results import checked
from tests.history import OTHER, OWN
from tests.trees import stamped
from tests.verify import forging
from tests.verify.conftest import Verify
from tests.verify.forging import edit_json, edit_record, edit_rows, flip, replace, resign, resum

LAST, MIDDLE, FIRST = "releases/1.1.1", "releases/1.1.0", "releases/1.0.0"


@dataclass(frozen=True)
class Case:
    """One way to spoil a store: the checks that must fail, each with words of what it must say, and nothing else.

    ``cut`` are the checks that say that a publication was cut short; ``code`` is the exit code.
    """

    story: str
    spoil: Callable[[Path], object]
    fails: dict[str, str]
    cut: dict[str, str]

    @property
    def code(self) -> int:
        return 1 if self.fails else 3


def case(story: str, spoil: Callable[[Path], object], cut: dict[str, str] | None = None, **fails: str) -> Any:
    named = {name.replace("_", " "): word for name, word in fails.items()}
    return pytest.param(Case(story, spoil, named, cut or {}), id=story.replace(" ", "-"))


def in_turn(*steps: Callable[[Path], object]) -> Callable[[Path], None]:
    def spoil(store: Path) -> None:
        for step in steps:
            step(store)

    return spoil


# --- bits


def flipped(name: str) -> Callable[[Path], None]:
    return lambda store: flip(store / LAST / name)


BITS = [
    case(f"a bit in {name}", flipped(name), files=f"'{name}' was changed", index=name)
    for name in (
        "projects.csv",
        "projects.json",
        "evidence.csv",
        "changes.csv",
        "cbrn-data.json",
        "datapackage.json",
        "report.json",
        "CHANGES.md",
        "schemas/projects.yaml",
        "schemas/package.yaml",
        "sources/central-asia-2025.txt",
        "sources/central-asia-2025.txt.yaml",
        "sources/projects.csv",
    )
]


def shift_payload(folder: Path) -> None:
    def change(envelope: Any) -> None:
        data = bytearray(base64.b64decode(envelope["payload"]))
        data[200] ^= 1
        envelope["payload"] = base64.b64encode(bytes(data)).decode()

    forging.edit_envelope(folder, change)


def shift_signature(folder: Path) -> None:
    def change(envelope: Any) -> None:
        data = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
        data[0] ^= 1
        envelope["signatures"][0]["sig"] = base64.b64encode(bytes(data)).decode()

    forging.edit_envelope(folder, change)


BITS += [
    case(
        "a bit in the public key",
        lambda s: flip(s / LAST / "public-key.pem"),
        files="'public-key.pem' was changed",
        signature="",
        index="",
    ),
    case(
        "a bit in SHA256SUMS",
        lambda s: flip(s / LAST / "SHA256SUMS"),
        files="was changed",
        signature="another digest of SHA256SUMS",
        index="",
    ),
    case(
        "a bit in release.json",
        lambda s: flip(s / LAST / "release.json", '"content_digest": "'),
        chain="release.json: does not match",
        files="'release.json' was changed",
        signature="",
    ),
    case(
        "a bit of a digest in releases.json",
        lambda s: flip(s / "releases.json", '"latest/projects.csv": "'),
        index="latest/projects.csv differs from the newest",
        cut={"derived files": "latest/projects.csv: of the state before or to come"},
    ),
    case("a bit in the feed", lambda s: flip(s / "feed.xml"), derived_files="feed.xml was changed"),
    case(
        "a bit in a table of latest",
        lambda s: flip(s / "latest/projects.csv"),
        derived_files="latest/projects.csv was changed",
    ),
]

# --- files


def swap(first: Path, second: Path) -> None:
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


def link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_holes(path: Path) -> None:
    path.unlink()
    with path.open("wb") as file:
        file.truncate(10 << 30)


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def copy_out_and_link(path: Path) -> None:
    shutil.move(path, path.parent.parent.parent.parent / "elsewhere.csv")
    path.symlink_to("../../../elsewhere.csv")


def put(path: Path, data: bytes = b"x\n") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


FILES = [
    case("a file deleted", lambda s: (s / LAST / "projects.csv").unlink(), files="'projects.csv' is missing", index=""),
    case(
        "a source deleted",
        lambda s: (s / LAST / "sources/projects.csv").unlink(),
        files="'sources/projects.csv' is",
        index="",
    ),
    case(
        "a file added",
        lambda s: put(s / LAST / "more.csv"),
        files="'more.csv' was added",
        index="latest/more.csv is not listed",
    ),
    case("a hidden file added", lambda s: put(s / LAST / ".more"), files="'.more' was added", index="latest/.more"),
    case(
        "a file in a new folder added",
        lambda s: put(s / LAST / "new/more"),
        files="'new' was added",
        index="latest/new/more",
    ),
    case("an empty folder added", lambda s: (s / LAST / "new").mkdir(), files="'new' was added"),
    case(
        "a name that is no text",
        lambda s: put(s / LAST / os.fsdecode(b"\xff.csv")),
        files=r"\udcff.csv' was added",
        index="",
    ),
    case("a name with an escape", lambda s: put(s / LAST / "\x1b[31m"), files=r"was added", index=r"\x1b[31m"),
    case(
        "two files swapped",
        lambda s: swap(s / LAST / "countries.csv", s / LAST / "projects.csv"),
        files="'countries.csv' was changed",
        index="",
    ),
    case("a file emptied", lambda s: put(s / LAST / "projects.csv", b""), files="'projects.csv' was changed", index=""),
    case(
        "a file linked out of the release",
        lambda s: copy_out_and_link(s / LAST / "projects.csv"),
        files="'projects.csv' is a symbolic link",
        index="latest/projects.csv is listed, but is not a file",
    ),
    case(
        "a file linked to its copy in latest",
        lambda s: link(s / LAST / "projects.csv", "../../latest/projects.csv"),
        files="'projects.csv' is a symbolic link",
        index="latest/projects.csv",
    ),
    case("a folder for a file", lambda s: to_folder(s / LAST / "projects.csv"), files="not a regular file", index=""),
    case("holes for the feed", lambda s: to_holes(s / "feed.xml"), derived_files="claims 10,737,418,240 bytes"),
    case("holes for sums", lambda s: to_holes(s / LAST / "SHA256SUMS"), files="claims", signature="claims", chain="claims"),
    case("a pipe for a file", lambda s: to_pipe(s / LAST / "projects.csv"), files="not a regular file", index=""),
    case("a file of an old release", lambda s: flip(s / FIRST / "CHANGES.md"), files="1.0.0: 'CHANGES.md' was changed"),
    case(
        "an attestation linked",
        lambda s: link(s / LAST / "attestation.json", "../1.1.0/attestation.json"),
        files="'attestation.json' is a symbolic link",
        signature="is a symbolic link",
        index="latest/attestation.json",
    ),
    case(
        "SHA256SUMS deleted",
        lambda s: (s / LAST / "SHA256SUMS").unlink(),
        chain="SHA256SUMS: is not there",
        files="",
        signature="",
    ),
]

# --- files and all that knows their digests


def summed(name: str, change: Callable[[Path], object] = flip) -> Callable[[Path], None]:
    def spoil(store: Path) -> None:
        change(store / LAST / name)
        resum(store / LAST)

    return spoil


def cell(table: str, field: str, value: str, **known: str) -> Callable[[Path], None]:
    """Change one value in CSV, JSON, nested JSON, descriptor, report, record and SHA256SUMS."""

    def change(rows: forging.Rows) -> None:
        row = first(rows, table, **known)
        assert row[field] != value
        row[field] = value

    return lambda store: edit_rows(store / LAST, change)


def signed_anew(spoil: Callable[[Path], object]) -> Callable[[Path], None]:
    """Spoil, then sign the release with another key and derive index, feed and latest/ from it."""

    def whole(store: Path) -> None:
        spoil(store)
        resign(store / LAST, OTHER)
        forging.rederive(store)

    return whole


def described(change: Callable[[Any], object]) -> Callable[[Path], None]:
    """Change the descriptor and what knows its digest."""

    def spoil(store: Path) -> None:
        edit_json(store / LAST / "datapackage.json", change)
        forging.describe(store / LAST)

    return spoil


def resource(**values: object) -> Callable[[Path], None]:
    return described(lambda descriptor: descriptor["resources"][0].update(values))


def schema_loosened(store: Path) -> None:
    replace(store / LAST / "schemas/projects.yaml", "required: true", "required: false")
    forging.describe(store / LAST)


def drop(table: str, **known: str) -> Callable[[Path], None]:
    return lambda store: edit_rows(store / LAST, lambda rows: rows[table].remove(first(rows, table, **known)))


def first(rows: forging.Rows, table: str, **known: str) -> dict[str, str | None]:
    return next(row for row in rows[table] if all(row[name] == value for name, value in known.items()))


def evidence(**values: str) -> Callable[[Path], None]:
    """Change the evidence of the region's goal."""

    def change(rows: forging.Rows) -> None:
        row = first(rows, "evidence", table_name="regions", field="goal")
        assert all(row[name] != value for name, value in values.items())
        row.update(values)

    return lambda store: edit_rows(store / LAST, change)


def goal(rows: forging.Rows) -> None:
    row = first(rows, "evidence", table_name="regions", field="goal")
    row["quote"] = (row["quote"] or "").upper()
    rows["regions"][0]["goal"] = row["quote"]


OTHER_SUMS = "attestation.json has another digest of SHA256SUMS"
CONSISTENT = [
    case("sums and notes", summed("CHANGES.md"), signature=f"{OTHER_SUMS}", index=""),
    case(
        "sums and a table",
        summed("countries.csv"),
        signature="another digest of SHA256SUMS",
        record="content digest",
        index="",
        definitions="",
        delta="",
    ),
    case(
        "sums and nested JSON",
        summed("cbrn-data.json", lambda p: replace(p, '"Tashkent"', '"Almaty"')),
        signature="",
        definitions="cbrn-data.json: release-json-differs",
        index="",
    ),
    case(
        "sums and a JSON table",
        summed("regions.json", lambda p: replace(p, '"Tashkent"', '"Almaty"')),
        signature="",
        definitions="regions.json: release-json-differs",
        index="",
    ),
    case("sums and the record", lambda s: edit_record(s / LAST, summary="Nothing much."), signature="", index=""),
    case("sums and another count", lambda s: edit_record(s / LAST, counts={}), signature="", counts="counts", index=""),
    case(
        "sums and a report that fails",
        summed("report.json", lambda p: edit_json(p, lambda r: r.update(valid=False))),
        signature="",
        report="does not state that the release is valid",
        index="",
    ),
    case(
        "sums and a report of less",
        summed("report.json", lambda p: edit_json(p, lambda r: r["checked"].pop("projects.csv"))),
        signature="",
        report="does not cover",
        index="",
    ),
    case(
        "sums and a hash in the descriptor",
        summed("datapackage.json", lambda p: edit_json(p, lambda d: d["resources"][0].update(hash="sha256:" + "0" * 64))),
        data_package="the hash of regions.csv",
        report="another digest of datapackage.json",
        signature="",
        index="",
    ),
    case(
        "a title in the descriptor",
        described(lambda d: d.update(title="Other")),
        data_package="title is not",
        signature="",
        index="",
    ),
    case(
        "a descriptor of another period",
        described(lambda d: d["temporal"].update(end="2030-12-31")),
        data_package="temporal is not",
        signature="",
        index="",
    ),
    case(
        "a descriptor of more countries",
        described(lambda d: d["spatial"].append({"identifier": "ITA", "name": "Italy"})),
        data_package="spatial is not",
        signature="",
        index="",
    ),
    case(
        "a descriptor without a table",
        described(lambda d: d["resources"].pop()),
        data_package="the resources are not",
        signature="",
        index="",
    ),
    case(
        "a descriptor against the official profile",
        described(lambda d: d.update(licenses=[{"title": "Free"}])),
        data_package="data-package-profile: $.licenses[0]",
        signature="",
        index="",
    ),
    case(
        "a descriptor of another schema",
        described(lambda d: d["resources"][0]["schema"]["fields"][0].update(type="any")),
        data_package="the fields of",
        signature="",
        index="",
    ),
    case(
        "a schema elsewhere",
        resource(schema="http://192.0.2.1/schema.json"),
        data_package="is not in the descriptor",
        signature="",
        index="",
    ),
    case(
        "a dialect elsewhere",
        resource(dialect="http://192.0.2.1/dialect.json"),
        data_package="'dialect'",
        signature="",
        index="",
    ),
    case(
        "a profile elsewhere",
        described(lambda d: d.update({"$schema": "http://192.0.2.1/x.json"})),
        data_package="$schema is not",
        signature="",
        index="",
    ),
    case(
        "a table elsewhere",
        resource(path="http://192.0.2.1/regions.csv"),
        data_package="the resources are not",
        signature="",
        index="",
    ),
    *(
        case(f"another {key}", described(change), data_package=f"{key} is not", signature="", index="")
        for key, change in (
            ("licenses", lambda d: d["licenses"][0].update(name="CC0-1.0")),
            ("contributors", lambda d: d["contributors"][0].update(title="Somebody")),
            ("description", lambda d: d.update(description="Other words")),
            ("keywords", lambda d: d["keywords"].pop()),
        )
    ),
    case(
        "a file of nobody, signed",
        summed("data.xlsx", lambda p: p.write_bytes(b"PK")),
        data_package="data.xlsx is not a file of a release",
        signature="",
        index="",
    ),
    case("a definition loosened", schema_loosened, data_package="", signature="", index=""),
    case(
        "a value changed everywhere",
        cell("regions", "secretariat_city", "Almaty"),
        evidence="does not give 'Almaty'",
        delta="",
        signature="",
        index="",
    ),
    case(
        "a curated value changed everywhere",
        cell("projects", "date_start", "2012-12-22", project_id="P31"),
        evidence="does not give '2012-12-22'",
        data_package="temporal is not {'start': '2012-12-22'",
        delta="",
        signature="",
        index="",
    ),
    case(
        "a row dropped everywhere",
        drop("project_countries"),
        evidence="the row is not published",
        complete="",
        delta="",
        signature="",
        index="",
        counts="counts",
        report="numbers of",
    ),
    case(
        "evidence dropped everywhere",
        drop("evidence", row_id="P31", field="date_start"),
        evidence="no evidence",
        complete="",
        delta="",
        signature="",
        index="",
        counts="counts",
        report="numbers of",
    ),
    case(
        "a span shifted",
        evidence(char_start="1"),
        evidence="are not the quote",
        complete="2025:9:",
        delta="",
        signature="",
        index="",
    ),
    case("a line shifted", evidence(line_start="1"), evidence="is in lines", delta="", signature="", index=""),
    case("a quote changed", evidence(quote="Peace."), evidence="are not the quote", delta="", signature="", index=""),
    case(
        "a method changed",
        evidence(method="counted"),
        evidence="",
        report="numbers of coverage",
        complete="",
        delta="",
        signature="",
        index="",
    ),
    case(
        "a value of a leaflet said to be curated",
        evidence(method="curated"),
        evidence="central-asia-2025 is not a source of curated values",
        report="numbers of coverage",
        delta="",
        signature="",
        index="",
    ),
    *(
        case(
            f"other {key} in the report",
            summed("report.json", partial(edit_json, change=change)),
            report=said,
            signature="",
            index="",
        )
        for key, change, said in (
            ("cells", lambda r: r["coverage"].update(cells=9), "numbers of coverage"),
            ("evidence", lambda r: r["coverage"]["evidence"].update(curated=9), "numbers of coverage"),
            ("rows", lambda r: r["tables"]["projects"].update(rows=9), "numbers of tables"),
            ("quarantined rows", lambda r: r.update(quarantined=9), "numbers of quarantined"),
            ("findings", lambda r: r["findings"]["listed"].pop(), "counts other findings"),
            ("checks", lambda r: r.update(checks=[]), "a check that did not pass"),
            ("results", lambda r: r["checks"][0].update(result="failed"), "a check that did not pass"),
        )
    ),
    case(
        "a value and its quote changed",
        lambda s: edit_rows(s / LAST, goal),
        evidence="are not the quote",
        delta="",
        signature="",
        index="",
    ),
    case(
        "a source and its digest changed",
        lambda s: forging.edit_source(s / LAST, "central-asia-2025.txt", "Tashkent", "Tashkant"),
        evidence="does not give",
        delta="",
        signature="another digest of SHA256SUMS",
        index="",
    ),
    case(
        "a source, its digest and value changed",
        in_turn(
            cell("projects", "date_start", "2012-12-22", project_id="P31"),
            lambda s: forging.edit_source(s / LAST, "projects.csv", "2012-12-21", "2012-12-22"),
        ),
        data_package="temporal is not {'start': '2012-12-22'",
        delta="",
        signature="another digest of SHA256SUMS",
        index="",
    ),
    case(
        "a sidecar's title changed",
        summed("sources/projects.csv.yaml", lambda p: replace(p, "title: Projects", "title: Project")),
        signature="",
        sources="has another title",
        record="",
        index="",
    ),
    case(
        "a source that no table names",
        in_turn(lambda s: put(s / LAST / "sources/more.txt"), lambda s: forging.record(s / LAST)),
        signature="",
        sources="sources/more.txt is not in the table of sources",
        index="",
        record="",
    ),
]

# --- signatures


def attested(change: Callable[[Any], object]) -> Callable[[Path], None]:
    """Sign a false statement with the right key: what a producer's own mistake would do."""
    return lambda store: forging.attest(store / LAST, OWN, change)


def without_key(store: Path) -> None:
    """Sign a release with a key of small order, which needs no private key: OpenSSL takes the signature as good."""
    small = Ed25519PublicKey.from_public_bytes(b"\1" + bytes(31))
    folder = store / LAST
    resign(folder, OTHER)
    (folder / "public-key.pem").write_bytes(public_pem(small))
    resum(folder)
    forging.attest(folder, OTHER, lambda said: None)
    edit_json(
        folder / "attestation.json", lambda e: e["signatures"][0].update(sig=base64.b64encode(b"\1" + bytes(63)).decode())
    )
    forging.rederive(store)


def doubled(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace("{\n", '{\n  "payload": "e30=",\n', 1))


ATTESTATION = f"{LAST}/attestation.json"
LATEST_ONE = "latest/attestation.json differs from the newest"
SIGNATURES = [
    case(
        "no attestation",
        lambda s: (s / ATTESTATION).unlink(),
        files="'attestation.json' is missing",
        signature="is not there",
        index="",
    ),
    case(
        "no public key",
        lambda s: (s / LAST / "public-key.pem").unlink(),
        files="'public-key.pem' is missing",
        signature="",
        index="",
    ),
    case(
        "signed by another key",
        lambda s: forging.attest(s / LAST, OTHER, lambda said: None),
        signature="not signed by the key",
        index=LATEST_ONE,
    ),
    case("signed and keyed by another key", lambda s: resign(s / LAST, OTHER), index=""),
    case(
        "the attestation of another release",
        lambda s: shutil.copy(s / MIDDLE / "attestation.json", s / ATTESTATION),
        signature="another digest of SHA256SUMS",
        index=LATEST_ONE,
    ),
    case("an empty attestation", lambda s: put(s / ATTESTATION, b""), signature="is not a DSSE envelope", index=LATEST_ONE),
    case(
        "an attestation that is a list",
        lambda s: put(s / ATTESTATION, b"[]\n"),
        signature="is not a DSSE envelope",
        index=LATEST_ONE,
    ),
    case(
        "an attestation without end",
        lambda s: put(s / ATTESTATION, b"[" * 100_000),
        signature="is not a DSSE envelope",
        index=LATEST_ONE,
    ),
    case(
        "a signature that is a number",
        lambda s: forging.edit_envelope(s / LAST, lambda e: e["signatures"][0].update(sig=1)),
        signature="is not a DSSE envelope",
        index=LATEST_ONE,
    ),
    case(
        "no signature",
        lambda s: forging.edit_envelope(s / LAST, lambda e: e.update(signatures=[])),
        signature="has 0 signatures",
        index=LATEST_ONE,
    ),
    case(
        "two signatures",
        lambda s: forging.edit_envelope(s / LAST, lambda e: e["signatures"].append(e["signatures"][0])),
        signature="has 2 signatures",
        index=LATEST_ONE,
    ),
    case(
        "another payload type",
        lambda s: forging.edit_envelope(s / LAST, lambda e: e.update(payloadType="text/plain")),
        signature="is of type 'text/plain'",
        index=LATEST_ONE,
    ),
    case("a bit in the payload", lambda s: shift_payload(s / LAST), signature="not signed by the key", index=LATEST_ONE),
    case("a bit in the signature", lambda s: shift_signature(s / LAST), signature="not signed by the key", index=LATEST_ONE),
    case(
        "another key id",
        lambda s: forging.edit_envelope(s / LAST, lambda e: e["signatures"][0].update(keyid="0" * 64)),
        signature="names another key",
        index=LATEST_ONE,
    ),
    case(
        "a space in an old attestation",
        lambda s: replace(s / FIRST / "attestation.json", "{", "{ "),
        signature="is not in the form that a release has",
    ),
    case("a key twice in an old attestation", lambda s: doubled(s / FIRST / "attestation.json"), signature="is not a DSSE"),
    case("a key of small order", without_key, signature="of small order"),
    case(
        "a statement of another kind",
        attested(lambda said: said.update(predicateType="https://slsa.dev/provenance/v0.2")),
        signature="not a statement about a release",
        index=LATEST_ONE,
    ),
    case(
        "a statement of less",
        attested(lambda said: said["subject"].pop()),
        signature="attestation.json has another digest of",
        index=LATEST_ONE,
    ),
    case(
        "a statement of more",
        attested(lambda said: said["subject"].append({"name": "x", "digest": {"sha256": ""}})),
        signature="names x, which is missing",
        index=LATEST_ONE,
    ),
    case(
        "a statement of a file twice",
        attested(lambda said: said["subject"].append(said["subject"][0])),
        signature="not a statement",
        index=LATEST_ONE,
    ),
    case(
        "a statement of another version",
        attested(lambda said: said["predicate"]["buildDefinition"]["externalParameters"].update(version="1.2.0")),
        signature="another externalParameters than",
        index=LATEST_ONE,
    ),
    case(
        "a statement of other sources",
        attested(lambda said: said["predicate"]["buildDefinition"]["resolvedDependencies"].pop(0)),
        signature="another resolvedDependencies than",
        index=LATEST_ONE,
    ),
    case(
        "a statement of no valid report",
        attested(lambda said: said["predicate"]["runDetails"]["byproducts"][0]["annotations"].update(valid=False)),
        signature="another byproducts than",
        index=LATEST_ONE,
    ),
    case(
        "a statement with more than the record",
        attested(lambda said: said["predicate"].update(more={"a": 1})),
        signature="another a than",
        index=LATEST_ONE,
    ),
    case(
        "a statement whose provenance is no object",
        attested(lambda said: said["predicate"].update(runDetails="mine")),
        signature="another runDetails than",
        index=LATEST_ONE,
    ),
    case(
        "a statement of the older form about another release",
        attested(lambda said: said.update(predicateType=OLDER_TYPE, predicate={"version": "1.2.0"})),
        signature="another version than",
        index=LATEST_ONE,
    ),
    case(
        "a statement that is none",
        attested(lambda said: said.clear()),
        signature="is not an in-toto statement",
        index=LATEST_ONE,
    ),
]

# --- code


def code_of(store: Path) -> Path:
    return next((store / "code").iterdir())


def of_another(store: Path) -> None:
    """Put code beside that of the releases, with sums that fit."""
    shutil.copytree(code_of(store), store / "code" / ("0" * 64))


def exchanged(store: Path) -> None:
    """Put other code, with sums that fit, in the place of what made the releases."""
    put(code_of(store) / "run.lock")
    sums = {path.name: forging.digest(path) for path in code_of(store).iterdir() if path.name != "SHA256SUMS"}
    (code_of(store) / "SHA256SUMS").write_bytes(checksums(sums))


NOT_VOUCHED = "nobody vouches for it yet"
CODE = [
    case("a bit in the code", lambda s: flip(next(code_of(s).glob("*.whl"))), code="whl' was changed"),
    case("a bit in the sums of the code", lambda s: flip(code_of(s) / "SHA256SUMS"), code="SHA256SUMS was changed"),
    case("other code", exchanged, code="SHA256SUMS was changed"),
    case("a lock taken away", lambda s: (code_of(s) / "run.lock").unlink(), code="'run.lock' is missing"),
    case("a file beside the code", lambda s: put(code_of(s) / "more.py"), code="'more.py' was added"),
    case("a lock that is a link", lambda s: link(code_of(s) / "run.lock", "/etc/passwd"), code="is a symbolic link"),
    case("the sums of the code taken away", lambda s: (code_of(s) / "SHA256SUMS").unlink(), code="is not there"),
    case("a file in code", lambda s: put(s / "code" / "more"), code="code/more was added"),
    case("code in a link", lambda s: (s / "code" / ("0" * 64)).symlink_to("/"), code="was added"),
    case("code of no release", of_another, cut={"code": NOT_VOUCHED}),
    case("code taken away", lambda s: shutil.rmtree(s / "code"), metadata="SHA256SUMS is missing"),
]

# --- history


def drop_release(version: str) -> Callable[[Path], None]:
    return lambda store: shutil.rmtree(store / "releases" / version)


def rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda store: (store / "releases" / old).rename(store / "releases" / new)


def exchange(store: Path) -> None:
    for old, new in (("1.0.0", "x"), ("1.1.0", "1.0.0"), ("x", "1.1.0")):
        rename(old, new)(store)


def another(version: str, sequence: int, date: str = "2026-11-24") -> Callable[[Path], None]:
    """Put another release of the right key beside those that are there."""

    def spoil(store: Path) -> None:
        folder = store / "releases" / version
        shutil.copytree(store / LAST, folder)
        edit_record(folder, version=version, sequence=sequence, date=date)
        resign(folder, OWN)

    return spoil


def appended(version: str, date: str) -> Callable[[Path], None]:
    """Put a fourth release that follows in the chain, signed by the right key, with all that is derived."""

    def spoil(store: Path) -> None:
        folder = store / "releases" / version
        shutil.copytree(store / LAST, folder)
        edit_record(folder, version=version, sequence=4, date=date, previous=forging.digest(store / LAST / "SHA256SUMS"))
        edit_json(folder / "datapackage.json", lambda d: d.update(version=version, created=f"{date}T00:00:00Z"))
        for form in ("csv", "json"):
            (folder / f"changes.{form}").unlink()
        edit_json(
            folder / "datapackage.json",
            lambda d: d.update(resources=[r for r in d["resources"] if not r["name"].startswith("changes")]),
        )
        edit_json(
            folder / "report.json",
            lambda r: [
                r[key].pop(name)
                for key, names in (("checked", ("changes.csv", "changes.json")), ("tables", ("changes",)))
                for name in names
            ],
        )
        forging.describe(folder)
        resign(folder, OWN)
        forging.rederive(store)

    return spoil


def linked_releases(store: Path) -> None:
    (store / "releases").rename(store.parent / "elsewhere")
    (store / "releases").symlink_to("../elsewhere")


def broken_then(store: Path) -> None:
    """Edit the first release and sign it again: the chain from the second back does not hold."""
    replace(store / FIRST / "CHANGES.md", "# ", "## ")
    resign(store / FIRST, OWN)


HISTORY = [
    case("the newest release gone", drop_release("1.1.1"), index="does not list the releases of the store"),
    case("the first release gone", drop_release("1.0.0"), chain="has sequence 2 instead of 1"),
    case("the release between gone", drop_release("1.1.0"), chain="has sequence 3 instead of 2"),
    case(
        "every release gone",
        lambda s: [drop_release(v)(s) for v in ("1.0.0", "1.1.0", "1.1.1")],
        chain="the store has no release",
    ),
    case("two releases exchanged", exchange, chain="restore each folder under its version"),
    case("a release renamed", rename("1.1.1", "1.2.0"), chain="belongs to release 1.1.1"),
    case(
        "a copy under another version",
        lambda s: shutil.copytree(s / LAST, s / "releases/1.1.2"),
        chain="belongs to release 1.1.1",
    ),
    case("a second third release", another("1.2.0", 3), chain="same sequence (3)", data_package=""),
    case("a release of the future", another("9.0.0", 9), chain="has sequence 9 instead of 4", data_package=""),
    case("a fork of the chain", another("1.2.0", 4), chain="as the release before", data_package=""),
    case("a lower version after a higher", appended("1.0.1", "2026-11-24"), chain="1.0.1 follows 1.1.1"),
    case("an earlier date after a later", appended("1.1.2", "2026-11-23"), chain="1.1.2 of 2026-11-23 is dated before"),
    case("an old release edited and signed again", broken_then, chain="as the release before"),
    case(
        "a folder that is no version",
        lambda s: (s / "releases/draft").mkdir(),
        chain="is not a version",
        files="",
        signature="",
    ),
    case(
        "a file among the releases",
        lambda s: put(s / "releases/readme"),
        chain="is not a release folder",
    ),
    case("an empty release", lambda s: (s / "releases/2.0.0").mkdir(), chain="is empty", files="", signature=""),
    case("a hidden folder among the releases", lambda s: put(s / "releases/.more/x"), files="releases/.more was added"),
    case(
        "a release linked",
        in_turn(lambda s: (s / LAST).rename(s.parent / "x"), lambda s: (s / LAST).symlink_to("../../x")),
        chain="is not a release folder",
    ),
    case("the releases linked", linked_releases, chain="or is a link to one"),
]

# --- index, feed, latest


def entries(change: Callable[[list[Any]], object]) -> Callable[[Path], None]:
    return lambda store: edit_json(store / "releases.json", lambda index: change(index["releases"]))


def latest_of_first(store: Path) -> None:
    """Put the first release at the stable addresses, and say so in the index."""
    shutil.rmtree(store / "latest")
    shutil.copytree(store / FIRST, store / "latest")

    def change(index: Any) -> None:
        files = {
            f"latest/{p.relative_to(store / FIRST)}": forging.digest(p) for p in (store / FIRST).rglob("*") if p.is_file()
        }
        others = {name: sha256 for name, sha256 in index["derived"].items() if not name.startswith("latest/")}
        index["derived"] = dict(sorted({**others, **files}.items()))

    edit_json(store / "releases.json", change)


def feed(old: str, new: str) -> Callable[[Path], None]:
    """Change the feed together with its digest in the index."""

    def spoil(store: Path) -> None:
        replace(store / "feed.xml", old, new)
        forging.relist(store, "feed.xml")

    return spoil


def listed_too(name: str) -> Callable[[Path], None]:
    def spoil(store: Path) -> None:
        put(store / name)
        forging.relist(store, name)

    return spoil


def unlisted(name: str) -> Callable[[Path], None]:
    def spoil(store: Path) -> None:
        (store / name).unlink()
        edit_json(store / "releases.json", lambda index: index["derived"].pop(name))

    return spoil


INDEX = [
    case("no index", lambda s: (s / "releases.json").unlink(), index="releases.json: is not there"),
    case("an empty index", lambda s: put(s / "releases.json", b"{}\n"), index="does not list the releases"),
    case("an index that is no JSON", lambda s: put(s / "releases.json", b"{"), index="cannot be read as JSON"),
    case(
        "an index that is a link",
        in_turn(lambda s: (s / "releases.json").rename(s.parent / "i"), lambda s: link(s / "releases.json", "../i")),
        index="symbolic link",
    ),
    case(
        "an index with a key twice",
        lambda s: replace(s / "releases.json", "{", '{"derived": {},'),
        index="an object repeats a key",
    ),
    case(
        "an index without digests",
        lambda s: edit_json(s / "releases.json", lambda i: i.pop("derived")),
        index="does not list the releases",
    ),
    case("an old entry dropped", entries(lambda e: e.pop(1)), index="does not list the releases"),
    case("entries reversed", entries(lambda e: e.reverse()), index="does not list the releases"),
    case("an entry twice", entries(lambda e: e.append(e[0])), index="does not list the releases"),
    case("a digest in the index", entries(lambda e: e[0].update(digest="0" * 64)), index="does not list the releases"),
    case("a path in the index", entries(lambda e: e[0].update(path="releases/1.0.0/")), index="does not list the releases"),
    case("a withdrawal that is none", entries(lambda e: e[0].update(withdrawn={})), index="is not an index"),
    case(
        "a withdrawal in the index alone",
        entries(lambda e: e[0].update(withdrawn={"reason": "No.", "date": "2026-11-24"})),
        index="latest/",
    ),
    case(
        "latest of an older release",
        lambda s: [shutil.copy(s / FIRST / n, s / "latest" / n) for n in ("projects.csv", "datapackage.json")],
        derived_files="latest/datapackage.json was changed",
    ),
    case(
        "latest of an older release in the index too", latest_of_first, index="latest/release.json differs from the newest"
    ),
    case(
        "a table of latest deleted",
        lambda s: (s / "latest/projects.csv").unlink(),
        derived_files="latest/projects.csv is missing",
    ),
    case(
        "a table of latest deleted in the index too",
        unlisted("latest/projects.csv"),
        index="latest/projects.csv is not listed, but is a file of the newest",
    ),
    case(
        "a table of latest linked",
        lambda s: link(s / "latest/projects.csv", "../releases/1.1.1/projects.csv"),
        derived_files="latest/projects.csv was changed",
    ),
    case(
        "a folder for a table of latest",
        lambda s: to_folder(s / "latest/projects.csv"),
        derived_files="latest/projects.csv was changed",
    ),
    case(
        "latest linked",
        in_turn(lambda s: shutil.rmtree(s / "latest"), lambda s: (s / "latest").symlink_to("releases/1.1.1")),
        derived_files="latest was changed",
    ),
    case("a file added to latest", lambda s: put(s / "latest/more.csv"), derived_files="latest/more.csv was added"),
    case(
        "a file added to latest and the index",
        listed_too("latest/more.csv"),
        index="latest/more.csv is listed, but is not a file",
    ),
    case("a page added", lambda s: put(s / "page.html"), derived_files="page.html was added"),
    case("a page added to the index too", listed_too("page.html"), index="page.html is listed, but is not a derived file"),
    case("a folder added", lambda s: (s / "more").mkdir(), derived_files="more was added"),
    case("a hidden file beside the index", lambda s: put(s / ".more"), files=".more was added"),
    case("no feed", lambda s: (s / "feed.xml").unlink(), derived_files="feed.xml is missing"),
    case("no feed in the index either", unlisted("feed.xml"), index="feed.xml is not listed"),
    *(
        case(f"{story} in feed and index", feed(old, new), metadata="feed.xml is not what the metadata vouch for")
        for story, old, new in (
            ("another digest", "sha256 of SHA256SUMS: ", "sha256 of SHA256SUMS: 0"),
            ("a withdrawal", "<title>1.1.1</title>", "<title>1.1.1 (withdrawn)</title>"),
            ("a style sheet", "<feed", '<?xml-stylesheet href="https://x.example/"?><feed'),
        )
    ),
]

# --- cut short


def behind(store: Path) -> None:
    """Leave the store as it is after the third release, and then the metadata of its state, were moved into place."""
    away, after = store.parent / "away", store.parent / "after"
    (store / LAST).rename(away)
    forging.rederive(store)
    shutil.copytree(store, after)
    shutil.copytree(away, after / LAST)
    forging.complete(after)
    for name in ("2.targets.json", "2.snapshot.json"):
        shutil.copy(after / "metadata" / name, store / "metadata")
    away.rename(store / LAST)


def behind_and(change: Callable[[Path], object]) -> Callable[[Path], None]:
    return in_turn(behind, change)


def first_alone(store: Path) -> None:
    for version in ("1.1.1", "1.1.0"):
        drop_release(version)(store)
    forging.rederive(store)
    (store / "releases.json").unlink()
    (store / "metadata/timestamp.json").unlink()


NOT_YET = {"index": "does not list 1.1.1 yet", "metadata": "2.snapshot.json, 2.targets.json: of a state before or to come"}
ONE_LESS = {"index": "does not list 1.1.1 yet"}
EARLY = NOT_YET | {"derived files": "latest/projects.csv: of the state before or to come"}
CUT = [
    case(
        "a link like a staging folder",
        lambda s: (s / ".staging-0123").symlink_to("/"),
        files=".staging-0123 was added",
        cut={"leftovers": ""},
    ),
    case(
        "a page like a staging folder",
        lambda s: put(s / ".staging-0.html"),
        files=".staging-0.html was added",
        cut={"leftovers": ""},
    ),
    case("a staging folder left", lambda s: put(s / ".staging-0123/x"), cut={"leftovers": "left .staging-0123"}),
    case(
        "the list of what leaves left",
        lambda s: put(s / ".leaving.json", b'{"leaving": []}'),
        cut={"leftovers": ".leaving.json"},
    ),
    case("the index one behind", behind, cut=NOT_YET),
    case("latest half new", behind_and(lambda s: shutil.copy(s / LAST / "projects.csv", s / "latest")), cut=EARLY),
    case("the newest entry dropped", entries(lambda e: e.pop(0)), cut=ONE_LESS, index="latest/"),
    case(
        "the index one behind and latest changed",
        behind_and(lambda s: flip(s / "latest/projects.csv")),
        cut=ONE_LESS,
        derived_files="latest/projects.csv was changed",
    ),
    case(
        "the index one behind and a file added",
        behind_and(lambda s: put(s / "latest/more")),
        cut=NOT_YET,
        derived_files="latest/more was added",
    ),
    case(
        "the index one behind and a table gone",
        behind_and(lambda s: (s / "latest/projects.csv").unlink()),
        cut=ONE_LESS,
        metadata="latest/projects.csv is missing",
        derived_files="latest/projects.csv is missing",
    ),
    case("the index two behind", entries(lambda e: (e.pop(0), e.pop(0))), index="does not list the releases"),
    case(
        "a first publication without index",
        first_alone,
        cut={"index": "does not list 1.0.0 yet", "derived files": "of the state", "metadata": "the timestamp is missing"},
    ),
    case(
        "no index and latest changed",
        in_turn(first_alone, lambda s: flip(s / "latest/projects.csv")),
        cut={"index": "", "derived files": "", "metadata": ""},
        derived_files="latest/projects.csv was added",
    ),
]


# --- metadata


def metadata(name: str) -> Callable[[Path], None]:
    return lambda store: flip(store / "metadata" / name, '"signed": {')


NOT_VALID = "the metadata are not valid"


def junk(name: str, store: Path) -> None:
    put(store / "metadata" / name, b"junk")


def only_a_root(store: Path) -> None:
    """Leave what a first publication would leave that was killed at once."""
    for path in (store / "metadata").iterdir():
        if path.name != "1.root.json":
            path.unlink()


def left_targets(store: Path) -> None:
    targets = json.loads((store / "metadata/3.targets.json").read_bytes())
    targets["signed"]["version"] = 2
    put(store / "metadata/2.targets.json", json.dumps(targets).encode())


def linked_folder(path: Path) -> None:
    path.rename(path.parent.with_name("elsewhere"))
    path.symlink_to(path.parent.with_name("elsewhere"))


def edit_json_ascii(path: Path, change: Callable[[Any], object]) -> None:
    value = json.loads(path.read_bytes())
    change(value)
    path.write_text(json.dumps(value, indent=2) + "\n")


METADATA = [
    *(
        case(f"a bit in {name}", metadata(name), metadata=NOT_VALID)
        for name in ("3.targets.json", "3.snapshot.json", "timestamp.json")
    ),
    case("a bit in the root", metadata("1.root.json"), metadata="1.root.json is not TUF metadata"),
    case("no targets", lambda s: (s / "metadata/3.targets.json").unlink(), metadata=NOT_VALID),
    case("no timestamp", lambda s: (s / "metadata/timestamp.json").unlink(), metadata="timestamp.json is missing"),
    case("no metadata", lambda s: shutil.rmtree(s / "metadata"), metadata="made when stores had metadata/: it was removed"),
    case("a root alone", only_a_root, metadata="it was removed", cut={"metadata": "the timestamp is missing"}),
    case("no root", lambda s: (s / "metadata/1.root.json").unlink(), metadata="the metadata have no root"),
    case("brackets for a root", lambda s: put(s / "metadata/1.root.json", b"[" * 60_000), metadata="is not TUF metadata"),
    case("a root that nobody signed", lambda s: put(s / "metadata/2.root.json", b"{}"), metadata=NOT_VALID),
    case(
        "a link for the timestamp",
        in_turn(
            lambda s: (s / "metadata/timestamp.json").rename(s.parent / "t"),
            lambda s: (s / "metadata/timestamp.json").symlink_to(s.parent / "t"),
        ),
        metadata="is a symbolic link",
    ),
    case("a file beside the metadata", lambda s: put(s / "metadata/more"), metadata="metadata/more was added"),
    case("targets of a state before left", left_targets, cut={"metadata": "2.targets.json"}),
    *(
        case(f"junk as {name}", partial(junk, name), metadata=f"{name} was added")
        for name in ("2.targets.json", "4.snapshot.json", "9.targets.json", "9.root.json")
    ),
    case("metadata in a link", lambda s: linked_folder(s / "metadata"), metadata="metadata is not a folder, or is a link"),
    case(
        "code in a link as a whole",
        lambda s: linked_folder(s / "code"),
        code="code is not a folder, or is a link",
        metadata="is not a folder",
    ),
    case(
        "a file for code",
        in_turn(lambda s: shutil.rmtree(s / "code"), lambda s: put(s / "code")),
        code="code is not a folder, or is a link",
        metadata="is not a folder",
    ),
    case(
        "half of a character in the attestation",
        lambda s: edit_json_ascii(s / ATTESTATION, lambda e: e["signatures"][0].update(keyid="\ud800")),
        signature="is not a DSSE envelope",
        index=LATEST_ONE,
    ),
    case("targets to come that nobody signed", lambda s: put(s / "metadata/4.targets.json", b"{}"), metadata="is not TUF"),
]


CASES = [*BITS, *FILES, *CONSISTENT, *SIGNATURES, *CODE, *HISTORY, *INDEX, *CUT, *METADATA]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a spoilt release says, nothing is fetched."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)


@pytest.mark.parametrize("spoilt", CASES)
def test_a_spoilt_store_is_named(spoilt: Case, store: Path, verify: Verify) -> None:
    spoilt.spoil(store)
    before = stamped(store)
    said = verify(store)
    assert stamped(store) == before
    failed, cut = said.of("failed"), said.of("cut short")
    if "metadata" not in spoilt.fails and failed and not forging.is_vouched_for(store):
        assert " is " in failed.pop("metadata")
    assert failed.keys() == spoilt.fails.keys(), failed
    assert all(word in failed[check] for check, word in spoilt.fails.items()), failed
    assert cut.keys() == spoilt.cut.keys(), cut
    assert all(word in cut[check] for check, word in spoilt.cut.items()), cut
    assert said.code == spoilt.code


def test_there_are_enough_ways() -> None:
    assert len({case.id for case in CASES}) == len(CASES) >= 100


def test_an_error_of_the_machine_is_not_one_of_the_release() -> None:
    def full() -> list[str]:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/rows.csv")

    with pytest.raises(OSError, match="No space"):
        list(checked("1.0.0", "tables", full, "good"))
