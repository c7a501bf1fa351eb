"""The data dictionary: every table and column in Markdown, from the definitions alone."""

from __future__ import annotations

from collections.abc import Iterator

from cbrn_data.schema.model import Field, Package, TableDefinition
from cbrn_data.tabular.schema import ForeignKey

_RULE = {"minimum": "at least", "maximum": "at most", "minLength": "at least", "maxLength": "at most"}


def dictionary(package: Package) -> str:
    """Return the dictionary of all tables, in their order."""
    lines = ["# Tables", "", f"{package.metadata['description'].strip()}", ""]
    lines += ["A null is an empty cell in CSV and `null` in JSON: no source says it.", ""]
    for table in package.tables.values():
        lines += _table(table)
    return "\n".join(lines)


def _table(table: TableDefinition) -> Iterator[str]:
    yield from (f"## {table.name}", "", table.description.strip(), "")
    yield from (f"Key: {', '.join(f'`{name}`' for name in table.primary_key)}.", "")
    yield from ("| column | type | meaning | example |", "| --- | --- | --- | --- |")
    references = {name: _reference(key, name) for key in table.foreign_keys for name in key.fields}
    for field in table.fields:
        meaning = field.description.strip() + references.get(field.name, "")
        yield f"| `{field.name}` | {type_words(field)} | {_cell(meaning)} | `{_cell(field.example)}` |"
    yield ""


def _reference(key: ForeignKey, name: str) -> str:
    """Describe the row to which a field refers, and the other fields of the reference."""
    others = " and ".join(f"`{other}`" for other in key.fields if other != name)
    there = ", ".join(f"`{key.resource}.{reference}`" for reference in key.references)
    return f" {f'With {others}, names' if others else 'Names'} a row of {there}."


def type_words(field: Field) -> str:
    """Describe the type, unit and rules of a column."""
    kind = field.type if field.format == "default" else f"{field.type} ({field.format})"
    parts = [kind, f"in {field.unit}" if field.unit else "", "never null" if field.required else ""]
    parts += [f"{_RULE[name]} {value}" for name, value in field.constraints.items() if name in _RULE]
    if "enum" in field.constraints:
        parts.append("one of " + ", ".join(map(str, field.constraints["enum"])))
    return ", ".join(part for part in parts if part)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
