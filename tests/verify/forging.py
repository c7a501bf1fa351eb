"""What somebody who can write to a store can do to it: edit one file, or everything that would give the edit away."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data import pipeline
from cbrn_data.checks.released import check_release, covered
from cbrn_data.release.sign import release_statement
from cbrn_data.schema.model import read_package
from cbrn_data.schema.nested import nested
from cbrn_data.schema.table import Row, released_tables
from cbrn_data.settings import Settings
from cbrn_data.signing.attestation import ATTESTATION, sign
from cbrn_data.signing.keys import PUBLIC_KEY, public_pem
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, checksums
from cbrn_data.strict_json import dumped
from cbrn_data.trust import rotate
from cbrn_data.trust.roles import written
from tests.conftest import PROJECT
from tests.history import write_key
from tests.records import csv_bytes, json_bytes, rows_of, tables_of

Rows = dict[str, list[Row]]


def flip(path: Path, after: str = "") -> None:
    """Change one bit of a file: just after some text that it holds, or in the middle."""
    data = bytearray(path.read_bytes())
    data[data.index(after.encode()) + len(after) if after else len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def replace(path: Path, old: str, new: str) -> None:
    """Replace text that is there, once."""
    text = path.read_bytes().decode()
    assert old in text and old != new, (path, old)
    path.write_bytes(text.replace(old, new, 1).encode())


def edit_json(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON file, written as every JSON file of a release is."""
    value = json.loads(path.read_bytes())
    before = dumped(value)
    change(value)
    assert dumped(value) != before, path
    path.write_bytes(dumped(value))


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resum(folder: Path) -> None:
    """Write SHA256SUMS anew for what is there."""
    names = [name for name, _ in disk.walk(folder) if (folder / name).is_file()]
    (folder / SUMS).write_bytes(checksums({name: digest(folder / name) for name in names}))


def older_form(published: Path) -> Path:
    """Turn a store into one that older code published: without metadata, and no release records the code of pages."""
    shutil.rmtree(published / "metadata", ignore_errors=True)
    digests = {}
    for folder in (published / "releases").iterdir():
        before = digest(folder / SUMS)
        if "pages" in json.loads((folder / "release.json").read_bytes()).get("code", {}):
            edit_json(folder / "release.json", lambda info: info["code"].pop("pages"))
            resum(folder)
        digests[before] = digest(folder / SUMS)
    index = (published / "releases.json").read_text()
    for before, now in digests.items():
        index = index.replace(before, now)
    (published / "releases.json").write_text(index)
    return published


def resign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write SHA256SUMS, the public key and the attestation anew, as the owner of ``key``."""
    (folder / PUBLIC_KEY).write_bytes(public_pem(key.public_key()))
    resum(folder)
    (folder / ATTESTATION).write_bytes(dumped(sign(release_statement(folder), key)))


def attest(folder: Path, key: Ed25519PrivateKey, change: Callable[[Any], object]) -> None:
    """Sign another statement than the release's own."""
    said = json.loads(release_statement(folder))
    change(said)
    (folder / ATTESTATION).write_bytes(dumped(sign(json.dumps(said).encode(), key)))


def edit_envelope(folder: Path, change: Callable[[Any], object]) -> None:
    edit_json(folder / ATTESTATION, change)


def edit_rows(folder: Path, change: Callable[[Rows], object]) -> None:
    """Change rows in CSV and JSON, and all that knows their digests: nested JSON, descriptor, report, record, sums."""
    package = read_package(folder / "schemas")
    rows = rows_of(released_tables(folder, package))
    there = [name for name in rows if (folder / f"{name}.csv").exists()]
    change(rows)
    for name in there:
        table = package.tables[name]
        (folder / f"{name}.csv").write_bytes(csv_bytes(table.names, rows[name]))
        (folder / f"{name}.json").write_bytes(json_bytes(table, rows[name]))
    (folder / "cbrn-data.json").write_bytes(dumped(nested(tables_of(rows, package), package)))
    describe(folder)


def describe(folder: Path) -> None:
    """Bring descriptor, report, record and sums of a release in agreement with its files."""

    def described(descriptor: Any) -> None:
        for resource in descriptor["resources"]:
            path = folder / resource["path"].rpartition("/")[2]
            resource |= {"bytes": path.stat().st_size, "hash": f"sha256:{digest(path)}"}

    _update(folder / "datapackage.json", described)
    _update(folder / "report.json", lambda report: report.update(checked={n: digest(folder / n) for n in report["checked"]}))
    resum(folder)
    record(folder)


def record(folder: Path) -> None:
    """Bring the content digest and the sums in agreement with the files."""
    lines = [line.partition("  ") for line in (folder / SUMS).read_text().splitlines()]
    sums = {name: value for value, _, name in lines}
    tables = {name for name in sums if "/" not in name and name.endswith(".csv") and name != "changes.csv"}
    names = sorted(name for name in sums if name in tables or name.startswith(("sources/", "schemas/")))
    content = hashlib.sha256("".join(f"{sums[name]}  {name}\n" for name in names).encode()).hexdigest()
    _update(folder / "release.json", lambda info: info.update(content_digest=content))
    resum(folder)


def leave_out(folder: Path, change: Callable[[Rows], object]) -> None:
    """Change rows, and bring every number that the record and the report give in agreement with the tables."""
    edit_rows(folder, change)
    released, _ = check_release(folder, read_package(folder / "schemas"))
    _update(folder / "report.json", lambda report: report.update(covered(released)))
    counts = {name: released.counts[name] for name in released.published if name != "changes"}
    _update(folder / "release.json", lambda info: info.update(counts=counts))
    resum(folder)


def edit_record(folder: Path, **values: object) -> None:
    """Change what release.json says, and the sums."""
    edit_json(folder / "release.json", lambda info: info.update(values))
    resum(folder)


def edit_source(folder: Path, name: str, old: str, new: str) -> None:
    """Change a source, what its sidecar and the table of sources know of it, and every quote of the words."""
    path = folder / "sources" / name
    before = digest(path)
    assert len(old) == len(new)
    replace(path, old, new)
    replace(folder / "sources" / f"{name}.yaml", before, digest(path))

    def change(rows: Rows) -> None:
        for row in rows["sources"]:
            if row["path"] == f"sources/{name}":
                row["sha256"] = digest(path)
        for row in rows["evidence"]:
            if row["source_id"] == name.rpartition(".")[0] and old in (row["quote"] or ""):
                row["quote"] = (row["quote"] or "").replace(old, new)

    edit_rows(folder, change)


def rederive(published: Path, key: Path | None = None) -> None:
    """Make the index, all that is derived and the metadata anew of whatever releases are there, with a root of its own.

    The owner of ``key`` continues the metadata that are there.
    """
    for path in published.iterdir():
        if path.is_dir() and path.name not in ("releases", "metadata" if key else ""):
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    (published / "releases.json").write_bytes(b"{}\n")
    complete(published, key)


def rotate_store(published: Path, old: Path | None, key: Ed25519PrivateKey, file: Path) -> None:
    """Put a root in force that names ``key`` alone, which is written to ``file``; ``old`` or the local key signs it too."""
    keys = [key.public_key()]
    root = rotate.next_root(rotate.roots_of(published)[-1], date.today().isoformat(), keys, 1, keys)
    for one in (pipeline.own_key(Settings(PROJECT, published, signing_key=old)).private, key):
        rotate.add_signature(root, one)
    with pipeline.open_store(
        Settings(PROJECT, published, signing_key=write_key(file, key)), roots=[written(root)]
    ).writing():
        pass


def complete(published: Path, key: Path | None = None) -> None:
    """Finish what a publication left, as the owner of a key, by default the local one."""
    with pipeline.open_store(Settings(PROJECT, published, signing_key=key)).writing():
        pass


def sign_anew(published: Path) -> None:
    """Sign what is there with a root of one's own, and derive nothing."""
    targets = json.loads(max((published / "metadata").glob("*.targets.json")).read_bytes())["signed"]["targets"]
    named = {name: (digest(published / name), (published / name).stat().st_size) for name in targets}
    shutil.rmtree(published / "metadata")
    (published / "metadata").mkdir()
    for name, data in pipeline.vouch(Settings(PROJECT, published))(published, named).items():
        (published / name).write_bytes(data)


def is_vouched_for(published: Path) -> bool:
    """Return whether each file that the targets name is as one of the states there says, or missing in one of them."""
    if not (published / "metadata/timestamp.json").exists():
        return True
    files = sorted((published / "metadata").glob("*.targets.json"))
    states = [json.loads(file.read_bytes())["signed"]["targets"] for file in files]

    def is_right(name: str) -> bool:
        path = published / name
        is_there = path.is_file() and path.resolve() == published.resolve() / name
        of_name = [state.get(name) for state in states]
        sizes = {known["length"] for known in of_name if known}
        found = digest(path) if is_there and path.stat().st_size in sizes else is_there or None
        return any(found == (known["hashes"]["sha256"] if known else None) for known in of_name)

    return all(is_right(name) for name in {name for state in states for name in state})


def relist(published: Path, name: str) -> None:
    """Bring the digest of a derived file in the index in agreement with the file."""
    path = published / name

    def change(index: Any) -> None:
        index["derived"] = dict(sorted({**index["derived"], name: digest(path)}.items()))

    edit_json(published / "releases.json", change)


def _update(path: Path, change: Callable[[Any], object]) -> None:
    value = json.loads(path.read_bytes())
    change(value)
    path.write_bytes(dumped(value))
