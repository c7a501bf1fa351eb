"""Compute the version of a release from its changes: SemVer for data.

The rule is the Data Package versioning recipe (https://datapackage.org/recipes/data-package-version/): incompatible changes
(names, fields added, removed or reordered, types, tighter constraints) are MAJOR, added data is MINOR, corrections and
descriptive text are PATCH. The recipe leaves some cases open, which we decide as follows:

- a removed row of a data table is MAJOR, because references to its key break; of ``sources``, ``evidence`` or ``quarantine``
  it is PATCH, because only our own tables refer to those;
- a removed table is MAJOR; a changed primary or foreign key, licence or package name is MAJOR;
- a looser or removed constraint or check is MINOR, an added check is MAJOR; any other change of a definition is descriptive
  and PATCH, and so is a change of only the text of a definition or a source file;
- added evidence or quarantined rows alone are PATCH, because they add no facts; an added source is MINOR.

A version is never entered by hand: the first is 1.0.0, and ``at_least`` can only raise the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from cbrn_data.schema.model import Field, Package, TableDefinition

if TYPE_CHECKING:
    from cbrn_data.release.changes import TableChanges

FIRST = "1.0.0"
STEPS = ("patch", "minor", "major")
_DESCRIPTION = attrgetter("title", "description", "unit", "example")


@dataclass(frozen=True)
class Reason:
    """A reason why the version must change by at least ``step``."""

    step: str
    why: str


def reasons(changes: Sequence[TableChanges], old: Package, new: Package) -> list[Reason]:
    """Return every reason, the strongest first; at least one, because only different content is compared."""
    found = [*_of_package(old, new), *_of_rows(changes)]
    found = found or [Reason("patch", "files of sources or definitions, but not their content")]
    return sorted(found, key=lambda reason: (-STEPS.index(reason.step), reason.why))


def next_version(previous: str | None, found: list[Reason], at_least: str = "patch") -> str:
    """Return the next version after ``previous``.

    >>> next_version("1.2.3", [Reason("minor", "1 row added to projects")])
    '1.3.0'
    """
    if previous is None:
        return FIRST
    step = max([at_least, *(reason.step for reason in found)], key=STEPS.index)
    major, minor, patch = map(int, previous.split("."))
    return {"major": f"{major + 1}.0.0", "minor": f"{major}.{minor + 1}.0", "patch": f"{major}.{minor}.{patch + 1}"}[step]


def _of_rows(changes: Sequence[TableChanges]) -> Iterator[Reason]:
    for each in changes:
        for kind, number in each.kinds:
            many = f"{number:,} row{'s' if number > 1 else ''} {kind}"
            where = {"added": "to", "removed": "from", "changed": "in"}[kind]
            yield Reason(_row_step(each.table, kind), f"{many} {where} {each.table.name}")


def _row_step(table: TableDefinition, kind: str) -> str:
    if kind == "changed" or table.name in {"evidence", "quarantine"}:
        return "patch"
    if kind == "added":
        return "minor"
    return "major" if table.role == "data" else "patch"


def _of_package(old: Package, new: Package) -> Iterator[Reason]:
    for key in ("name", "licence"):
        if old.metadata[key] != new.metadata[key]:
            yield Reason("major", f"another {key} of the package")
    descriptive = {
        key for key in old.metadata.keys() | new.metadata.keys() if key not in {"name", "licence", "tables", "base_url"}
    }
    changed = sorted(key for key in descriptive if old.metadata.get(key) != new.metadata.get(key))
    if changed:
        yield Reason("patch", f"description of the whole package: {', '.join(key.replace('_', ' ') for key in changed)}")
    for name in old.tables.keys() - new.tables.keys():
        yield Reason("major", f"table {name} removed")
    for name, table in new.tables.items():
        if name not in old.tables:
            yield Reason("minor", f"table {name} added")
        else:
            yield from _of_table(old.tables[name], table)


def _of_table(old: TableDefinition, new: TableDefinition) -> Iterator[Reason]:
    if old.names != new.names:
        added, removed = sorted(set(new.names) - set(old.names)), sorted(set(old.names) - set(new.names))
        what = [f"added {', '.join(added)}"] * bool(added) + [f"removed {', '.join(removed)}"] * bool(removed)
        yield Reason("major", f"fields of {new.name}: {'; '.join(what) or 'in another order'}")
    if (old.primary_key, old.foreign_keys) != (new.primary_key, new.foreign_keys):
        yield Reason("major", f"keys of {new.name}")
    for field in new.fields:
        if field.name in old.names:
            yield from _of_field(new.name, old.field(field.name), field)
    described = [
        field.name
        for field in new.fields
        if field.name in old.names and _DESCRIPTION(field) != _DESCRIPTION(old.field(field.name))
    ]
    if described:
        fields = f".{described[0]}" if len(described) == 1 else f": {', '.join(described)}"
        yield Reason("patch", f"description of {new.name}{fields}")
    if set(old.checks) != set(new.checks):
        yield Reason("major" if set(new.checks) - set(old.checks) else "minor", f"checks of {new.name}")
    if (old.title, old.description, old.role) != (new.title, new.description, new.role):
        yield Reason("patch", f"definition of {new.name}")


def _of_field(table: str, old: Field, new: Field) -> Iterator[Reason]:
    if (old.type, old.format) != (new.type, new.format):
        yield Reason("major", f"type of {table}.{new.name}")
    if old.constraints != new.constraints:
        step = "minor" if _is_looser(old.constraints, new.constraints) else "major"
        yield Reason(step, f"constraints of {table}.{new.name}")


def _is_looser(old: dict[str, object], new: dict[str, object]) -> bool:
    """Return whether every rule of ``new`` is also in ``old``, or accepts all values that its old form accepted."""

    def admits(name: str) -> bool:
        before, after = old.get(name), new[name]
        if before == after:
            return True
        if name == "enum" and isinstance(before, list) and isinstance(after, list):
            return set(before) <= set(after)
        if isinstance(before, int) and isinstance(after, int):
            return after <= before if name.startswith("min") else after >= before if name.startswith("max") else not after
        return False

    return all(admits(name) for name in new)
