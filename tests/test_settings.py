"""The settings file: its values, what overrides them, and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cbrn_data.errors import CbrnDataError
from cbrn_data.scaffold.settings_file import settings_text
from cbrn_data.settings import FILE, KNOWN, read_settings
from tests.conftest import PROJECT

WHOLE = """\
base_url = "https://data.example/cbrn/"
state = "state"
approval = "required"

[keys]
signing = "keys/publisher.pem"
trusted = "keys/trusted.pem"

[push]
target = "s3://bucket/cbrn"

[guard]
rows_lost = 20
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BASE_URL", "STATE", "SIGNING_KEY", "TRUSTED_KEYS"):
        monkeypatch.delenv(f"CBRN_DATA_{name}", raising=False)
    return tmp_path


def test_the_file_gives_values_and_its_paths_are_beside_it(root: Path) -> None:
    (root / FILE).write_text(WHOLE)
    settings = read_settings(root)
    assert settings.base_url == "https://data.example/cbrn/" and settings.approval
    assert settings.state == root / "state" and settings.cache == root / "state" / "cache"
    assert settings.signing_key == root / "keys/publisher.pem"
    assert settings.push_target == "s3://bucket/cbrn" and settings.guard == {"rows_lost": 20}
    assert settings.origins["push.target"] == f"{root / FILE}:10"


def test_the_environment_overrides_the_file_and_an_option_both(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / FILE).write_text(WHOLE)
    monkeypatch.setenv("CBRN_DATA_BASE_URL", "https://other.example/")
    settings = read_settings(root)
    assert (settings.base_url, settings.origins["base_url"]) == ("https://other.example/", "variable CBRN_DATA_BASE_URL")
    assert read_settings(root, base_url="https://third.example/").base_url == "https://third.example/"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base_ulr = "x"', ":1: base_ulr is not known; known keys: base_url, "),
        ('\n[keys]\nsinging = "x"', ":3: keys.singing is not known"),
        ("base_url = 7", ":1: base_url is 7 and must be text in quotation marks"),
        ('state = ""', ":1: state is '' and must be text in quotation marks"),
        ('parts.above = "1.5"', ":1: parts.above is '1.5' and must be whole megabytes, such as \"256\""),
        ('approval = "yes"', ":1: approval is 'yes' and must be one of none, required"),
        ("base_url = ", "is not TOML: Invalid value (at end of document)"),
        ("keys = 3", ":1: keys is not known"),
        ('[alerts]\nvariable = "https://x"', ":2: alerts.variable must be the name of a variable"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str, root: Path) -> None:
    (root / FILE).write_text(text)
    with pytest.raises(CbrnDataError) as raised:
        read_settings(root)
    assert str(raised.value).startswith(f"{root / FILE}:") and said in str(raised.value)


def test_the_settings_need_no_library_of_the_producer() -> None:
    code = "import sys, cbrn_data.settings; print(*{'pydantic', 'pandas', 'yaml', 'typer'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_the_file_of_the_project_has_every_key_as_a_comment(root: Path) -> None:
    text = (PROJECT / FILE).read_text(encoding="utf-8")
    assert text == settings_text()
    (root / FILE).write_text(re.sub(r"(?m)^# (?=[a-z_.]+ = )", "", text))
    assert list(read_settings(root).origins) == [setting.key for setting in KNOWN]


@pytest.mark.parametrize("key", [setting.key for setting in KNOWN])
def test_each_key_has_an_example_that_is_accepted(key: str, root: Path) -> None:
    setting = next(setting for setting in KNOWN if setting.key == key)
    table, _, name = key.rpartition(".")
    (root / FILE).write_text(f'[{table}]\n{name} = "{setting.example}"' if table else f'{name} = "{setting.example}"')
    settings = read_settings(root)
    assert settings.values[key] == (str(root / setting.example) if setting.is_path else setting.example)
