"""The data dictionary: every table and column in Markdown, from the definitions and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from cbrn_data.schema.model import Field, Package, Table

_RULE = {"minimum": "at least", "maximum": "at most", "minLength": "at least", "maxLength": "at most"}


def dictionary(package: Package) -> str:
    """Return the dictionary of all tables, in their order."""
    lines = ["# Tables", "", f"{package.about['description'].strip()}", ""]
    lines += ["A null is an empty cell in CSV and `null` in JSON: no source says it.", ""]
    for table in package.tables.values():
        lines += _table(table)
    return "\n".join(lines)


def _table(table: Table) -> Iterator[str]:
    yield from (f"## {table.name}", "", table.description.strip(), "")
    yield from (f"Key: {', '.join(f'`{name}`' for name in table.primary_key)}.", "")
    yield from ("| column | type | meaning | example |", "| --- | --- | --- | --- |")
    references = {key.fields[0]: f"{key.resource}.{key.references[0]}" for key in table.foreign_keys}
    for field in table.fields:
        meaning = field.description.strip() + (
            f" Names a row of `{references[field.name]}`." if field.name in references else ""
        )
        yield f"| `{field.name}` | {type_words(field)} | {_cell(meaning)} | `{_cell(field.example)}` |"
    yield ""


def type_words(field: Field) -> str:
    """Return type, unit and rules of a column in words."""
    kind = field.type if field.format == "default" else f"{field.type} ({field.format})"
    parts = [kind, f"in {field.unit}" if field.unit else "", "never null" if field.required else ""]
    parts += [f"{_RULE[name]} {value}" for name, value in field.constraints.items() if name in _RULE]
    if "enum" in field.constraints:
        parts.append("one of " + ", ".join(map(str, field.constraints["enum"])))
    return ", ".join(part for part in parts if part)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
