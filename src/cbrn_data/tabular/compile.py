"""Compile a Table Schema: each rule about one cell becomes a check on whole Arrow columns of text.

Cells are text, or null if empty. A rule whose ``doubt`` has no rows holds; otherwise its mask gives the failing rows among
those in doubt. A pandera check judges a block with any doubt: its series has the block as one value, because a schema of
pandera would copy columns and check each for every rule, which costs more than the rules; and its report of failures, cell
by cell, is not used. An audit works without pandera (``without_pandera``), because importing it takes longer than checking a
release. ``keys`` checks rules over several rows (``unique``, keys, references) over all blocks, on the texts of
``comparable``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.hidden import pandera_without_hypothesis, pyarrow_without_pandas
from cbrn_data.tabular import numbers, structures, texts, times, years
from cbrn_data.tabular.arrays import places
from cbrn_data.tabular.constraints import demands
from cbrn_data.tabular.doubt import Doubt, Look, Rows
from cbrn_data.tabular.kind import Column, Kernel, Kind, remembered, where
from cbrn_data.tabular.schema import Field, ForeignKey, Problem, TableSchema, UnsupportedSchema, option

Maker = Callable[[Field], Kind]


@dataclass(frozen=True)
class Rule:
    """A rule for the cells of a field; ``constraint`` is "" for the type.

    ``mask`` takes a column of text and returns booleans of the same length: true if the rule holds. It is true for null,
    except for the rule ``required``. ``doubt`` has the rows that may break it.
    """

    field: str
    code: str
    constraint: str
    mask: Kernel
    doubt: Doubt


@dataclass(frozen=True)
class BrokenRule:
    """The indices of rows whose cell in ``field`` breaks a rule, or whose foreign ``key`` is not found, ascending.

    ``fields`` are all fields of a rule between cells.
    """

    field: str
    code: str
    constraint: str
    rows: npt.NDArray[np.int64]
    key: ForeignKey | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompiledSchema:
    """A schema that validates blocks of tables of text, whose columns are named like its fields.

    ``looks`` returns the cached facts about each column of a block, so that further rules do not compute them again.
    """

    schema: TableSchema
    rules: tuple[Rule, ...]
    kinds: dict[str, Kind]
    looks: Callable[[pa.Table], dict[str, Look]] = dataclasses.field(default_factory=lambda: remembered(_looks), repr=False)

    def nulled(self, table: pa.Table, has_nulls: bool = False) -> pa.Table:
        """Return the table with the missing values of each field as null; null in ``table`` is the empty text.

        With ``has_nulls``, a null is one, as in JSON, also where the empty text is not missing.
        """
        for number, name in enumerate(table.column_names):
            if name in self.kinds and (missing := self.schema.field(name).missing_values) != ("",):
                texts = table.column(number) if has_nulls else pc.fill_null(table.column(number), "")
                is_missing = pc.is_in(texts, value_set=pa.array(missing, pa.string()))
                table = table.set_column(number, name, where(pc.invert(is_missing), texts))
        return table

    def failures(self, table: pa.Table) -> list[BrokenRule]:
        """Return every broken rule with its rows, in the order of the fields and of their rules.

        The table has text columns, ``nulled``; columns that are not fields are ignored.
        """
        looks = self.looks(table)
        asked = ((rule, looks[rule.field]) for rule in self.rules if rule.field in looks)
        doubts = [(rule, look, rows) for rule, look in asked if (rows := rule.doubt(look)) is None or len(rows)]
        block = _Judged(doubts)
        return block.broken if doubts and not _holds(block) else []

    def part(self, names: Collection[str], nullable: bool = False) -> CompiledSchema:
        """Return the schema of the fields ``names`` without keys; with ``nullable``, no field is required."""
        fields = tuple(field for field in self.schema.fields if field.name in names)
        rules = [rule for rule in self.rules if rule.field in names and not (nullable and rule.constraint == "required")]
        if nullable:
            constraints = [{key: rule for key, rule in each.constraints.items() if key != "unique"} for each in fields]
            fields = tuple(replace(each, constraints=kept) for each, kept in zip(fields, constraints, strict=True))
        schema = replace(self.schema, fields=fields, primary_key=(), unique_keys=())
        return CompiledSchema(schema, tuple(rules), {name: self.kinds[name] for name in names})

    def comparable(self, field: str, column: Column) -> Column:
        """Return the texts of a column in a form in which equal values have equal text; null for null or malformed cells.

        Raises KeyError for an unknown field.
        """
        return self.kinds[field].comparable(column)


def compile_schema(schema: TableSchema) -> CompiledSchema:
    """Return the compiled schema.

    Raises UnsupportedSchema, which lists every unsupported type, format, option and constraint.
    """
    faults: list[Problem] = []
    kinds, rules = {}, []
    for field in schema.fields:
        try:
            kind = kind_of(field)
        except ValueError as error:
            faults.append((field.name, str(error)))
            continue
        kind = kind if kind.values is None else replace(kind, values=remembered(kind.values))
        kinds[field.name] = kind
        rules += _rules(field, kind, field.name in schema.primary_key, faults)
    if faults:
        raise UnsupportedSchema(faults)
    return CompiledSchema(schema, tuple(rules), kinds)


def _rules(field: Field, kind: Kind, is_key: bool, faults: list[Problem]) -> list[Rule]:
    """Return the rules of a field; a field of the primary key is required, as in the standard."""
    texts: list[str] = []
    constraints = {**field.constraints, "required": True} if is_key else field.constraints
    found = demands(replace(field, constraints=constraints), kind, texts)
    faults += [(field.name, text) for text in texts]
    code = "cell-type" if field.format == "default" else "cell-format"
    types = [] if kind.free else [Rule(field.name, code, "", kind.well_formed, kind.maybe_malformed)]
    return types + [Rule(field.name, demand.code, demand.constraint, demand.mask, demand.doubt) for demand in found]


class _Judged:
    """The rules of a block with rows in doubt, each with its column and these rows; broken rows are computed once."""

    def __init__(self, doubts: Sequence[tuple[Rule, Look, Rows | None]]) -> None:
        self._doubts = doubts

    @cached_property
    def broken(self) -> list[BrokenRule]:
        judged = ((rule, _broken_rows(rule, look, rows)) for rule, look, rows in self._doubts)
        return [BrokenRule(rule.field, rule.code, rule.constraint, rows) for rule, rows in judged if len(rows)]


def _looks(table: pa.Table) -> dict[str, Look]:
    return dict(zip(table.column_names, map(Look, table.columns), strict=True))


def _broken_rows(rule: Rule, look: Look, doubtful: Rows | None) -> Rows:
    if doubtful is None:
        return places(pc.invert(pc.fill_null(rule.mask(look.column), True)))
    held = rule.mask(look.cells(doubtful))
    broken: Rows = doubtful[~pc.fill_null(held, True).to_numpy(zero_copy_only=False)]
    return broken


_by_pandera: ContextVar[bool] = ContextVar("by_pandera", default=True)


@contextmanager
def without_pandera() -> Iterator[None]:
    """Judge blocks by the same rules, but not in a pandera check, and so without pandas."""
    pyarrow_without_pandas()
    token = _by_pandera.set(False)
    try:
        yield
    finally:
        _by_pandera.reset(token)


def _holds(block: _Judged) -> bool:
    return bool(_pandera_check()(block)) if _by_pandera.get() else not block.broken


@cache
def _pandera_check() -> Callable[[_Judged], bool]:
    """Return the check as a function, because a pandera schema around it takes longer for a block than most of its rules."""
    import pandas as pd

    pandera_without_hypothesis()
    import pandera.pandas as pandera

    check = pandera.Check(lambda blocks: not blocks.iloc[0].broken, ignore_na=False)
    return lambda block: check(pd.Series([block], dtype=object)).check_passed


def kind_of(field: Field) -> Kind:
    """Return the kind of a field. Raises ValueError for an unknown type or format, or an invalid option."""
    formats = _KINDS.get(field.type)
    if formats is None:
        raise ValueError(f"unknown type {field.type!r}")
    found = formats.get(field.format, formats.get("<PATTERN>"))
    if found is None:
        raise ValueError(f"the type {field.type} has no format {field.format!r}")
    return found if isinstance(found, Kind) else found(field)


def _list(field: Field) -> Kind:
    item_type = option(field, "itemType", "string", str)
    if item_type not in structures.ITEM_TYPES:
        raise ValueError(f"itemType must be one of {', '.join(structures.ITEM_TYPES)}")
    item = Field(field.name, item_type, "default", {}, (), {})
    return structures.list_kind(kind_of(item), field)


_KINDS: Mapping[str, Mapping[str, Maker | Kind]] = {
    "any": {"default": texts.ANYTHING},
    "string": {
        "default": texts.STRING,
        "email": texts.EMAIL,
        "uri": texts.URI,
        "uuid": texts.UUID,
        "binary": texts.BINARY,
    },
    "integer": {"default": numbers.integer},
    "number": {"default": numbers.number},
    "boolean": {"default": numbers.boolean},
    "date": {"<PATTERN>": times.date_kind},
    "time": {"<PATTERN>": times.time_kind},
    "datetime": {"<PATTERN>": times.datetime_kind},
    "year": {"default": years.YEAR},
    "yearmonth": {"default": years.YEARMONTH},
    "duration": {"default": years.DURATION},
    "object": {"default": structures.OBJECT},
    "array": {"default": structures.array_kind},
    "list": {"default": _list},
    "geopoint": dict.fromkeys(("default", "array", "object"), structures.geopoint),
    "geojson": {"default": structures.geojson, "topojson": structures.geojson},
}
"""The kind, or the function that makes it, by type and format; ``<PATTERN>`` stands for any strptime pattern."""
