"""A Table Schema compiled: every rule that looks at one cell, as a check on whole Arrow columns of text.

Cells arrive as text, null where they are empty. The checks run as one pandera schema, each answering with a single bool, and
pandera stops at the first that fails: then the masks themselves say which rules fail on which rows, and those that were
made already are remembered. So each rule costs one pass, and pandera's own account of failures, which goes cell by cell, is
never asked for. The checks are those of the frame, not of its columns: for each column pandera would copy and look at types
again, which costs more than the checks. What spans rows (``unique``, keys, references) is judged over
all blocks by ``keys``, on the texts that ``comparable`` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.errors import SchemaError

from cbrn_data.tabular.constraints import demands
from cbrn_data.tabular.keys import places
from cbrn_data.tabular.kind import Column, Kernel, Kind, remembered
from cbrn_data.tabular.schema import Fault, Field, ForeignKey, TableSchema, UnsupportedSchema
from cbrn_data.tabular.types import kind_of


@dataclass(frozen=True)
class Rule:
    """One demand on the cells of a field; ``constraint`` is "" for the type.

    ``mask`` takes a column of text and returns booleans of the same length: true where the rule holds, and where the cell is
    null unless the rule is that it must not be.
    """

    field: str
    code: str
    constraint: str
    mask: Kernel


@dataclass(frozen=True)
class Failure:
    """The rows of a table, ascending from 0, whose cell in ``field`` breaks a rule, or whose ``key`` leads nowhere."""

    field: str
    code: str
    constraint: str
    rows: npt.NDArray[np.int64]
    key: ForeignKey | None = None


@dataclass(frozen=True)
class CompiledSchema:
    """A schema ready to judge tables of text whose columns are named like its fields, in any number of blocks."""

    schema: TableSchema
    rules: tuple[Rule, ...]
    kinds: dict[str, Kind]
    pandera: pandera.DataFrameSchema

    def nulled(self, table: pa.Table) -> pa.Table:
        """Return the table with the missing values of each field as null; null before that is an empty text."""
        for number, name in enumerate(table.column_names):
            if name in self.kinds and self.schema.field(name).missing_values != ("",):
                column = _nulled(table.column(number), self.schema.field(name).missing_values)
                table = table.set_column(number, name, column)
        return table

    def failures(self, table: pa.Table) -> list[Failure]:
        """Return every rule that a table breaks, with the rows that do, in the order of the fields and of their rules.

        The table has text columns, ``nulled``; columns that are no fields are left alone.
        """
        known = table.select([name for name in table.column_names if name in self.kinds])
        frame = known.to_pandas(types_mapper=pd.ArrowDtype)
        try:
            self.pandera.validate(frame, inplace=True)
        except SchemaError:
            found = list(_failures(self.rules, frame))
            if not found:
                raise
            return found
        return []

    def comparable(self, field: str, column: Column) -> Column:
        """Return the texts of a column so that equal values have equal text; null where a cell is null or malformed.

        Raises KeyError for a name that no compiled field has.
        """
        return self.kinds[field].comparable(column)


def compile_schema(schema: TableSchema, only: Sequence[str] | None = None, nullable: bool = False) -> CompiledSchema:
    """Return the schema compiled, or the part of it that judges the fields ``only``.

    ``nullable`` leaves out which cells must have a value: for a part of a table that others complete. Raises
    UnsupportedSchema, which lists every type, format, option and constraint that cannot be judged.
    """
    faults: list[Fault] = []
    kinds, rules = {}, []
    for field in schema.fields:
        kind = _kind(field, faults)
        if kind is not None:
            found = _rules(field, kind, field.name in schema.primary_key, faults)
            if only is None or field.name in only:
                kinds[field.name] = kind
                rules += [rule for rule in found if not (nullable and rule.constraint == "required")]
    if faults:
        raise UnsupportedSchema(faults)
    return CompiledSchema(schema, tuple(rules), kinds, _pandera(rules))


def _kind(field: Field, faults: list[Fault]) -> Kind | None:
    try:
        kind = kind_of(field)
    except ValueError as error:
        faults.append((field.name, str(error)))
        return None
    return kind if kind.values is None else replace(kind, values=remembered(kind.values))


def _rules(field: Field, kind: Kind, is_key: bool, faults: list[Fault]) -> list[Rule]:
    """Return the rules of a field; one in the primary key is required, as the standard has it."""
    said: list[str] = []
    constraints = {**field.constraints, "required": True} if is_key else field.constraints
    found = demands(replace(field, constraints=constraints), kind, said)
    faults += [(field.name, text) for text in said]
    code = "cell-type" if field.format == "default" else "cell-format"
    types = [] if kind.free else [Rule(field.name, code, "", remembered(kind.well_formed))]
    return types + [Rule(field.name, demand.code, demand.constraint, remembered(demand.mask)) for demand in found]


def _pandera(rules: Sequence[Rule]) -> pandera.DataFrameSchema:
    """Return the rules as a pandera schema; the name of a check is the number of its rule."""
    checks = [pandera.Check(_holds(rule), name=str(number), ignore_na=False) for number, rule in enumerate(rules)]
    return pandera.DataFrameSchema(checks=checks)


def _holds(rule: Rule) -> Callable[[pd.DataFrame], bool]:
    def holds(frame: pd.DataFrame) -> bool:
        return rule.field not in frame or bool(pc.all(rule.mask(_column(frame[rule.field])), min_count=0).as_py())

    return holds


def _failures(rules: Iterable[Rule], frame: pd.DataFrame) -> Iterator[Failure]:
    for rule in rules:
        if rule.field in frame:
            rows = places(pc.invert(pc.fill_null(rule.mask(_column(frame[rule.field])), True)))
            if len(rows):
                yield Failure(rule.field, rule.code, rule.constraint, rows)


def _column(series: pd.Series[Any]) -> Column:
    return series.array.__arrow_array__()


def _nulled(column: Column, missing: Sequence[str]) -> Column:
    texts = pc.fill_null(column, "")
    return pc.if_else(pc.is_in(texts, value_set=pa.array(missing, pa.string())), pa.scalar(None, pa.string()), texts)
