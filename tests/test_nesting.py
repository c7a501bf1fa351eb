"""Depth that is counted before a parser recurses, in JSON and in YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data import strict_json
from cbrn_data.errors import ReleaseError, VerificationError
from cbrn_data.nesting import nests_too_deeply
from cbrn_data.release import changes
from cbrn_data.signing.attestation import read_envelope, read_statement
from cbrn_data.sources.sidecar import sidecar_findings
from cbrn_data.sources.source import read_source
from cbrn_data.strict_yaml import YamlError, load_yaml
from cbrn_data.tabular import changes as tabular_changes

DEEP = 60_000
LEAVES: Any = st.none() | st.text('[]{}"\\a') | st.integers()
VALUES: Any = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('["\\'), inner, max_size=3)
)


def depth(value: Any) -> int:
    if isinstance(value, dict | list):
        return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)
    return 0


@settings(max_examples=40)
@given(VALUES, st.integers(0, 6))
def test_the_depth_is_that_of_what_is_parsed(value: Any, deepest: int) -> None:
    assert nests_too_deeply(json.dumps(value), deepest) == (depth(value) > deepest)


@settings(max_examples=40)
@given(VALUES)
def test_the_depth_is_counted_over_pieces(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cbrn_data.nesting._PIECE", 3)
        assert nests_too_deeply(json.dumps([[value]]), 1)
        assert not nests_too_deeply(json.dumps(value), depth(value))


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a":' * DEEP, '["\\"", ' + "[" * DEEP, '[{"a": "\\\\"},' + "[" * DEEP])
def test_deep_json_is_refused_whoever_reads_it(text: str) -> None:
    data = text.encode()
    with pytest.raises(ReleaseError, match="nests too deeply"):
        strict_json.parse_object(Path("releases.json"), data)
    for read in (read_envelope, read_statement):
        with pytest.raises(VerificationError):
            read(data)


def test_a_deep_row_of_changes_is_refused() -> None:
    change = {"table_name": "t", "row_id": "1", "field": "*", "change": "added", "old": None, "new": "[" * DEEP}
    for cells_of in (changes.cells_of, tabular_changes.cells_of):
        with pytest.raises(ValueError, match="nests too deeply"):
            cells_of(change)


@pytest.mark.parametrize("data", [b"[" + b"[]," * 4_000_000 + b"1]", b" " * ((1 << 26) + 1)])
def test_json_of_too_many_values_is_refused(data: bytes) -> None:
    with pytest.raises(ReleaseError, match="more than"):
        strict_json.parse_object(Path("release.json"), data)


def test_other_encodings_cannot_hide_brackets() -> None:
    with pytest.raises(ReleaseError):
        strict_json.parse_object(Path("release.json"), ("[" * DEEP).encode("utf-16"))


DEEP_YAML = {
    "flow": "[" * DEEP,
    "braces": "{" * DEEP,
    "flow mappings": "{a: " * (DEEP // 4),
    "dashes": "- " * (DEEP // 2),
    "questions": "? " * (DEEP // 2),
    "both": "- ? " * (DEEP // 4),
    "indents": "\n".join(" " * number + "a:" for number in range(300)),
    "lines": "[\n" * (DEEP // 2),
}


@pytest.mark.parametrize("kind", DEEP_YAML)
def test_deep_yaml_is_refused(kind: str) -> None:
    with pytest.raises(YamlError, match="nested too deeply"):
        load_yaml(f"a: {DEEP_YAML[kind]}" if kind in ("flow", "braces") else DEEP_YAML[kind])


@pytest.mark.parametrize("text", ["\n".join(f"k{n}: 1" for n in range(30_000)), "x" * ((1 << 20) + 1)])
def test_large_yaml_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match=r"too many values|more than"):
        load_yaml(text)


@pytest.mark.parametrize("text", ["a: &x [1]\nb: [*x, *x]", "a: !!python/object:os.system x", "<<: &x {a: b}"])
def test_aliases_and_tags_are_refused(text: str) -> None:
    with pytest.raises(YamlError, match="not allowed"):
        load_yaml(text)


@pytest.mark.parametrize("kind", DEEP_YAML)
def test_a_deep_sidecar_is_a_finding(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\n")
    (tmp_path / "a.csv.yaml").write_text(DEEP_YAML[kind])
    source, findings = read_source(tmp_path, "a.csv")
    assert source is None and [finding.code for finding in findings] == ["sidecar-invalid"]


def test_each_of_thousands_of_keys_has_its_line() -> None:
    about, findings = sidecar_findings("a.csv", "".join(f"k{number}: 1\n" for number in range(2_000)))
    assert about is None
    assert {finding.line for finding in findings if "not known" in finding.message} == set(range(1, 2_001))
