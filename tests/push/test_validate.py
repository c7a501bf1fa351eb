"""A package in a bucket, validated where it is."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import run
from tests.push.conftest import Bucket


def test_a_package_in_a_bucket_is_validated(bucket: Bucket, tmp_path: Path) -> None:
    schema = {"fields": [{"name": "a", "type": "integer"}]}
    entries = [{"name": name, "path": f"{name}.csv", "type": "table", "schema": schema} for name in ("good", "bad", "none")]
    bucket.put("datapackage.json", json.dumps({"name": "p", "resources": entries}).encode())
    bucket.put("good.csv", b"a\n1\n")
    bucket.put("bad.csv", b"a\nx\n")
    done = run("validate", f"{bucket.target}/datapackage.json", "--remote", "--json")
    assert done.code == 1
    good, bad, none = done.json["tasks"]
    assert (good["place"], good["errors"], good["stats"]["rows"]) == (f"{bucket.target}/good.csv", [], 1)
    assert [error["type"] for error in bad["errors"]] == ["type-error"]
    assert [error["note"] for error in none["errors"]] == ["the file cannot be read (the storage does not have it)"]
