"""The code as a store keeps it: a wheel that the usual tools take, the lock, and what they are."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from base64 import urlsafe_b64decode
from hashlib import sha256

from cbrn_data import __version__
from cbrn_data.release import kept
from cbrn_data.release.code import code_version
from tests.conftest import PROJECT

WHEEL = f"cbrn_data-{__version__}-py3-none-any.whl"


def test_the_running_code_is_kept_with_its_lock() -> None:
    files = kept.code_files()
    assert files.keys() == {WHEEL, "run.lock", "code.json"}
    assert files["run.lock"] == (PROJECT / "requirements/run.lock").read_bytes()
    said = json.loads(files["code.json"])
    assert {key: said[key] for key in code_version()} == code_version()
    assert said.keys() - code_version().keys() == {"commit", "python"}


def test_the_wheel_has_every_file_with_its_digest_and_no_time() -> None:
    files = kept.code_files()
    kept.code_files.cache_clear()
    assert kept.code_files() == files
    with zipfile.ZipFile(io.BytesIO(files[WHEEL])) as archive:
        names = archive.namelist()
        record = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(names[-1]).decode()))}
        assert record.keys() == set(names) and len(names) == len(record)
        for name in names[:-1]:
            kind, _, digest = record[name][0].partition("=")
            data = archive.read(name)
            assert kind == "sha256" and urlsafe_b64decode(f"{digest}=") == sha256(data).digest()
            assert int(record[name][1]) == len(data)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {"cbrn_data/__init__.py", "cbrn_data/definitions/projects.yaml", "cbrn_data/run.lock"} <= record.keys()
    assert not [name for name in names if "__pycache__" in name]


def test_other_libraries_than_those_of_the_lock_are_not_kept() -> None:
    lock = b"pandas==3.1.1 \\\n    --hash=sha256:00\npdfminer-six==1\n"
    lock += b"numpy==2.4.6 ; python_version < '3.12' \\\nnumpy==2.5.5 ; python_version >= '3.12'\n"
    assert kept.fits({"pandas": "3.1.1", "numpy": "2.4.6", "pdfminer.six": "1"}, lock)
    assert kept.fits({"numpy": "2.5.5"}, lock)
    assert not kept.fits({"pandas": "3.1.0"}, lock)
    assert not kept.fits({"pandas": "3.1.1"}, b"")
