"""Write the pages of docs/ that are derived, wholly or in part, and the names of countries: ``python docs/generate.py``.

``tests/docs/test_generated.py`` fails while one is out of date.
"""

from __future__ import annotations

import ast
import csv
import json
from collections.abc import Iterator, Mapping, Set
from graphlib import TopologicalSorter
from io import StringIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from cbrn_data.findings import catalogue
from cbrn_data.portal.names import NAMES, TAG
from cbrn_data.schema.dictionary import dictionary
from cbrn_data.schema.model import read_package

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "cbrn_data"
BEGIN, END = "<!-- made by `python docs/generate.py` -->\n", "<!-- to here -->"
CASES = HERE.parent / "tests" / "conformance"
CONFORMANCE = """# Conformance

Each case in [tests/conformance](../tests/conformance/README.md) is a Data Package and the report that the standard asks for.
Any implementation can run them. The tests run every case through `cbrn-data validate` and through frictionless, so both
results are true. *Not run* means that frictionless needs a further library for the format.

| section of the standard | cases | right: cbrn-data | right: frictionless | frictionless not run |
| --- | ---: | ---: | ---: | ---: |
{sections}

## Cases in which frictionless differs

A result is the verdict, and the number and types of the errors. It may differ in their rows only.

| case | section | right | frictionless |
| --- | --- | --- | --- |
{cases}
"""
EVERYWHERE = ("errors", "findings", "progress", "settings", "spread", "strict_json", "strict_yaml")
"""Small modules that all others may import; the picture omits them, because most arrows would lead to them."""


def findings_page() -> str:
    """Return the page of all findings."""
    lines = ["# Findings", "", "An `error` stops the release; a `warning` is published with it.", ""]
    for code in catalogue().values():
        title = f"{code.title} ({code.severity}). {code.explanation}"
        lines += [f"## {code.code}", "", title, "", f"What to do: {code.fix}", ""]
    return "\n".join(lines)


def imports(source: Path = SOURCE) -> dict[str, set[str]]:
    """Return what each package and module directly below ``source`` imports of the others, by name."""
    parts = {path.stem: [path] for path in source.glob("*.py") if path.stem != "__init__"}
    parts |= {path.parent.name: sorted(path.parent.rglob("*.py")) for path in source.glob("*/__init__.py")}
    return {
        part: {name for path in paths for name in _imported(path, source.name) if name in parts and name != part}
        for part, paths in sorted(parts.items())
    }


def _imported(path: Path, package: str) -> Iterator[str]:
    """Yield the name below ``package`` of everything that a file imports from there, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith(f"{package}."))


def picture(graph: Mapping[str, Set[str]]) -> str:
    """Return a Mermaid flowchart of imports; an arrow leads from what is imported to what imports it.

    An arrow is left out where others lead the same way. Raises graphlib.CycleError where imports go round in a circle.
    """
    beneath: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph).static_order():
        beneath[name] = set(graph[name]).union(*(beneath[other] for other in graph[name]))
    lines = [
        f"  {other} --> {name}"
        for name in sorted(graph)
        for other in sorted(graph[name])
        if not any(other in beneath[between] for between in graph[name])
    ]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"]) + "\n"


def architecture_page() -> str:
    """Return the page of the architecture with an up-to-date picture of the imports."""
    graph = {name: others.difference(EVERYWHERE) for name, others in imports().items() if name not in EVERYWHERE}
    before, _, rest = (HERE / "architecture.md").read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}{picture(graph)}{END}{rest.partition(END)[2]}"


def conformance_page() -> str:
    """Return the page of the conformance cases: both results by section of the standard, and where frictionless differs."""
    cases = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in CASES.glob("*/expected.json")}
    lines = []
    for section in [*sorted({case["section"] for case in cases.values()}), "all"]:
        theirs = [case["frictionless"] for case in cases.values() if section in (case["section"], "all")]
        number = len(theirs)
        lines.append(f"| {section} | {number} | {number} | {theirs.count('same')} | {theirs.count('not run')} |")
    differing = [
        f"| [{name}](../tests/conformance/{name}/expected.json) | {case['section']} | {_result(case['report'])} "
        f"| {_result(case['frictionless'])} |"
        for name, case in sorted(cases.items(), key=lambda pair: (pair[1]["section"], pair[0]))
        if isinstance(case["frictionless"], dict)
    ]
    return CONFORMANCE.format(sections="\n".join(lines), cases="\n".join(differing))


def _result(result: Mapping[str, Any]) -> str:
    kinds = sorted({error["type"] for error in result["errors"]})
    return f"{result['verdict']}: {len(result['errors'])} × {', '.join(kinds)}" if kinds else str(result["verdict"])


def country_names() -> str:
    """Return the names of countries in Russian and in their official languages, from Unicode CLDR (through babel)."""
    codes = sorted(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha())
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows([NAMES, *(row for code in codes for row in _names(code))])
    return written.getvalue()


def _names(iso2: str) -> Iterator[tuple[str, ...]]:
    for code in dict.fromkeys((TAG, *get_official_languages(iso2, de_facto=True))):
        try:
            locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            continue
        text = locale.territories.get(iso2)
        if locale.language != "en" and text and text != iso2:
            yield iso2, code.replace("_", "-"), locale.get_language_name() or code, locale.text_direction, text


def pages() -> dict[str, str]:
    """Return every derived file by its path from docs/."""
    return {
        "architecture.md": architecture_page(),
        "conformance.md": conformance_page(),
        "findings.md": findings_page(),
        "tables.md": dictionary(read_package(HERE.parent / "schemas")),
        "../src/cbrn_data/portal/names.csv": country_names(),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
