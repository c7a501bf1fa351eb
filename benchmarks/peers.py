"""The same rules on the same table, by others and by us.

    python benchmarks/peers.py PEER FOLDER

runs one in a process of its own, first on ten rows so that imports are not measured, and prints what it found, the seconds
and the peak memory in bytes. The rules are those of the table: types, required cells, pattern, enumerations,
length, bounds, address, unique key, reference. ``limit`` copies the bytes and hashes them, which nothing gets below.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import diffs
from table import LEVELS, STATUSES

URI = r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$"


def limit(folder: Path) -> int:
    digest = hashlib.sha256()
    with (folder / "records.csv").open("rb") as source, (folder / "copy.csv").open("wb") as target:
        while data := source.read(8 << 20):
            digest.update(data)
            target.write(data)
    return 0


def cbrn_data(folder: Path) -> int:
    from cbrn_data.tabular.resource import read_package
    from cbrn_data.tabular.validate import validate

    return sum(verdict.tally.counts.total() for verdict in validate(read_package(folder / "datapackage.json").resources))


def cbrn_data_publish(folder: Path) -> int:
    """Validate and write canonical CSV with its digest, and keys in order: what publishing a bulk table does."""
    return _publish(folder, with_json=False)


def cbrn_data_publish_json(folder: Path) -> int:
    return _publish(folder, with_json=True)


def _publish(folder: Path, with_json: bool) -> int:
    import pyarrow as pa
    from table import definition

    from cbrn_data.schema.bulk import BulkReading, read_records
    from cbrn_data.schema.written import HashingWriter, TableWriter
    from cbrn_data.tabular.canonical import csv_rows
    from cbrn_data.tabular.keys import KnownKeys

    known = KnownKeys()
    known.add([pa.array((folder / "projects.csv").read_text().split()[1:], pa.string())])
    reading = BulkReading(definition())
    (reference,) = reading.table.foreign_keys
    with HashingWriter(folder / "out.csv") as csv, HashingWriter(folder / "out.json") as js:
        writer = TableWriter(reading.table, csv, js)
        for block in read_records(folder / "records.csv", reading, {reference: known}):
            if with_json:
                writer.add(block)
            else:
                csv.write(csv_rows(block))
        writer.close()
    return reading.tally.counts.total()


def cbrn_data_json(folder: Path) -> int:
    """Write a table that is text already as JSON, with its digest."""
    from table import definition

    from cbrn_data.schema.table import table_in_file
    from cbrn_data.schema.written import HashingWriter
    from cbrn_data.tabular.blocks import ahead
    from cbrn_data.tabular.canonical import JSON_BETWEEN, JSON_CLOSE, JSON_OPEN, json_rows

    table = table_in_file(definition(), folder / "records.csv")
    with HashingWriter(folder / "out.json") as js:
        for number, block in enumerate(ahead(iter(table.read()))):
            rows = json_rows(block.table, {"people_count"})
            js.write(JSON_BETWEEN if number else JSON_OPEN)
            js.write(rows)
        js.write(JSON_CLOSE)
    return 0


def polars_json(folder: Path) -> int:
    import polars as pl

    frame = pl.read_csv(folder / "records.csv", schema_overrides={"people_count": pl.Int64}, infer_schema=False)
    frame.write_json(folder / "out.json")
    return 0


def frictionless(folder: Path) -> int:
    import frictionless as library

    report = library.Package.from_descriptor(str(folder / "datapackage.json")).validate()
    return int(report.stats["errors"])


def pandera_read_csv(folder: Path) -> int:
    import pandas as pd
    import pandera.pandas as pa

    projects = set(pd.read_csv(folder / "projects.csv", dtype=str)["project_id"])
    text = {"record_id", "project_id", "status", "level", "text", "date_start", "date_end", "page_url"}
    frame = pd.read_csv(folder / "records.csv", dtype={**dict.fromkeys(text, "str"), "people_count": "str"})

    def dates(column: pd.Series) -> pd.Series:
        return pd.to_datetime(column, format="%Y-%m-%d", errors="coerce").notna()

    def counts(column: pd.Series[str]) -> pd.Series[bool]:
        return pd.to_numeric(column, errors="coerce").between(0, 100000)

    schema = pa.DataFrameSchema(
        {
            "record_id": pa.Column(str, [pa.Check.str_matches(r"^(?:r-[0-9]{9})$")], unique=True),
            "project_id": pa.Column(str, pa.Check.isin(projects)),
            "status": pa.Column(str, pa.Check.isin(STATUSES)),
            "level": pa.Column(str, pa.Check.isin(LEVELS), nullable=True),
            "text": pa.Column(str, pa.Check.str_length(max_value=400)),
            "date_start": pa.Column(str, [pa.Check(dates), pa.Check.ge("2000-01-01")]),
            "date_end": pa.Column(str, pa.Check(dates), nullable=True),
            "people_count": pa.Column(str, pa.Check(counts), nullable=True),
            "page_url": pa.Column(str, pa.Check.str_matches(URI), nullable=True),
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return len(errors.failure_cases)
    return 0


def polars(folder: Path) -> int:
    import polars as pl

    projects = pl.read_csv(folder / "projects.csv")["project_id"].implode()
    frame = pl.read_csv(folder / "records.csv", infer_schema=False).with_row_index("row")
    c = pl.col
    key, number = c("record_id"), c("people_count").cast(pl.Int64, strict=False)
    bad = {
        "record_id": key.is_null() | ~key.str.contains(r"^(?:r-[0-9]{9})$") | key.is_duplicated(),
        "project_id": c("project_id").is_null() | ~c("project_id").is_in(projects),
        "status": c("status").is_null() | ~c("status").is_in(STATUSES),
        "level": ~c("level").is_in(LEVELS),
        "text": c("text").is_null() | (c("text").str.len_chars() > 400),
        "date_start": c("date_start").str.to_date("%Y-%m-%d", strict=False).is_null() | (c("date_start") < "2000-01-01"),
        "date_end": c("date_end").is_not_null() & c("date_end").str.to_date("%Y-%m-%d", strict=False).is_null(),
        "people_count": c("people_count").is_not_null() & (number.is_null() | ~number.is_between(0, 100000)),
        "page_url": ~c("page_url").str.contains(URI),
    }  # fmt: skip
    found = frame.lazy().select(c("row"), **{name: rule.fill_null(False) for name, rule in bad.items()}).collect()
    return sum(len(found.filter(c(name)).select("row")) for name in bad)


def duckdb(folder: Path) -> int:
    import duckdb as library

    query = f"""
        with r as (select * from read_csv('{folder}/records.csv', all_varchar=true, header=true)),
        p as (select project_id from read_csv('{folder}/projects.csv', all_varchar=true, header=true))
        select count(*) filter (record_id is null or not regexp_full_match(record_id, 'r-[0-9]{{9}}'))
             + count(*) - count(distinct record_id)
             + count(*) filter (project_id is null or project_id not in (select project_id from p))
             + count(*) filter (status is null or status not in ({_quoted(STATUSES)}))
             + count(*) filter (level not in ({_quoted(LEVELS)}))
             + count(*) filter (text is null or length(text) > 400)
             + count(*) filter (try_cast(date_start as date) is null or date_start < '2000-01-01')
             + count(*) filter (date_end is not null and try_cast(date_end as date) is null)
             + count(*) filter (people_count is not null
                                and not coalesce(try_cast(people_count as bigint) between 0 and 100000, false))
             + count(*) filter (not regexp_full_match(page_url, '{URI}'))
        from r"""
    return int(library.execute(query).fetchall()[0][0])


def _quoted(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


PEERS: dict[str, Callable[[Path], int]] = {
    "limit": limit,
    "cbrn_data": cbrn_data,
    "frictionless": frictionless,
    "pandera on read_csv": pandera_read_csv,
    "polars by hand": polars,
    "duckdb by hand": duckdb,
    "cbrn_data publish, CSV": cbrn_data_publish,
    "cbrn_data publish, CSV and JSON": cbrn_data_publish_json,
    "cbrn_data JSON": cbrn_data_json,
    "polars JSON": polars_json,
    **diffs.PEERS,
}

if __name__ == "__main__":
    peer, folder = PEERS[sys.argv[1]], Path(sys.argv[2])
    peer(folder / "small")
    begin = time.perf_counter()
    found = peer(folder)
    print(found, time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
