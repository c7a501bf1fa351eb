"""The version that follows from what changed: SemVer of the data.

The rule is the Data Package versioning recipe (https://datapackage.org/recipes/data-package-version/), which gives
MAJOR to incompatible changes (names, fields added, removed or reordered, types, tighter constraints), MINOR to added
data, and PATCH to corrections and descriptive text. What the recipe leaves open is decided so:

- a removed row of a data table is MAJOR, because whoever refers to its key finds nothing any more; of ``sources``,
  ``evidence`` or ``quarantine`` it is PATCH, because nobody but ourselves refers to those;
- a removed table is MAJOR; a changed primary or foreign key and another licence or package name are MAJOR;
- a looser or dropped constraint or check is MINOR, an added check MAJOR; any other change of a definition is
  descriptive and PATCH, and so is one of nothing but its spelling or a source's;
- added evidence or quarantined rows alone are PATCH: they say nothing new of the world; an added source is MINOR.

Nobody types a version: the first is 1.0.0, and ``at_least`` can only raise the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Field, Package, Table

if TYPE_CHECKING:
    from cbrn_data.schema.delta import RecordChanges

FIRST = "1.0.0"
STEPS = ("patch", "minor", "major")


@dataclass(frozen=True)
class Reason:
    """Why a version must move by at least ``step``, in words."""

    step: str
    why: str


def reasons(changes: list[Row], old: Package, new: Package, records: Sequence[RecordChanges] = ()) -> list[Reason]:
    """Return every reason, the strongest first; never none, because only other content is ever compared."""
    found = [*_of_package(old, new), *_of_rows(changes, records, new)]
    found = found or [Reason("patch", "files of sources or definitions, and nothing that they say")]
    return sorted(found, key=lambda reason: (-STEPS.index(reason.step), reason.why))


def next_version(previous: str | None, found: list[Reason], at_least: str = "patch") -> str:
    """Return the version that follows ``previous``.

    >>> next_version("1.2.3", [Reason("minor", "1 row added to projects")])
    '1.3.0'
    """
    if previous is None:
        return FIRST
    step = max([at_least, *(reason.step for reason in found)], key=STEPS.index)
    major, minor, patch = map(int, previous.split("."))
    return {"major": f"{major + 1}.0.0", "minor": f"{major}.{minor + 1}.0", "patch": f"{major}.{minor}.{patch + 1}"}[step]


def _of_rows(changes: list[Row], records: Sequence[RecordChanges], package: Package) -> Iterator[Reason]:
    rows: dict[tuple[str, str], set[str | None]] = {}
    for change in changes:
        rows.setdefault((change["table_name"] or "", change["change"] or ""), set()).add(change["row_id"])
    counts = {place: len(found) for place, found in rows.items()}
    counts |= {(each.table.name, kind): number for each in records for kind, number in each.kinds}
    for (name, kind), number in counts.items():
        table = package.tables[name]
        many = f"{number:,} row{'s' if number > 1 else ''} {kind}"
        where = {"added": "to", "removed": "from", "changed": "in"}[kind]
        yield Reason(_row_step(table, kind), f"{many} {where} {name}")


def _row_step(table: Table, kind: str) -> str:
    if kind == "changed" or table.name in {"evidence", "quarantine"}:
        return "patch"
    if kind == "added":
        return "minor"
    return "major" if table.role == "data" else "patch"


def _of_package(old: Package, new: Package) -> Iterator[Reason]:
    for key in ("name", "licence"):
        if old.about[key] != new.about[key]:
            yield Reason("major", f"another {key} of the package")
    descriptive = {
        key for key in old.about.keys() | new.about.keys() if key not in {"name", "licence", "tables", "base_url"}
    }
    changed = sorted(key for key in descriptive if old.about.get(key) != new.about.get(key))
    if changed:
        yield Reason("patch", f"description of the whole package: {', '.join(key.replace('_', ' ') for key in changed)}")
    for name in old.tables.keys() - new.tables.keys():
        yield Reason("major", f"table {name} removed")
    for name, table in new.tables.items():
        if name not in old.tables:
            yield Reason("minor", f"table {name} added")
        else:
            yield from _of_table(old.tables[name], table)


def _of_table(old: Table, new: Table) -> Iterator[Reason]:
    if old.names != new.names:
        added, removed = sorted(set(new.names) - set(old.names)), sorted(set(old.names) - set(new.names))
        what = [f"added {', '.join(added)}"] * bool(added) + [f"removed {', '.join(removed)}"] * bool(removed)
        yield Reason("major", f"fields of {new.name}: {'; '.join(what) or 'in another order'}")
    if (old.primary_key, old.foreign_keys) != (new.primary_key, new.foreign_keys):
        yield Reason("major", f"keys of {new.name}")
    for field in new.fields:
        if field.name in old.names:
            yield from _of_field(new.name, old.field(field.name), field)
    described = [field.name for field in new.fields if field.name in old.names and _told_otherwise(old, field)]
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


def _told_otherwise(table: Table, new: Field) -> bool:
    old = table.field(new.name)
    return (old.title, old.description, old.unit, old.example) != (new.title, new.description, new.unit, new.example)


def _is_looser(old: dict[str, object], new: dict[str, object]) -> bool:
    """Whether every rule of ``new`` was there before, or admits all that its older form did."""

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
