"""Code to load a table, to be copied: it runs as it stands and keeps codes such as ``004`` and ``NA`` as they are."""

from __future__ import annotations

from cbrn_data.schema.model import Table

_DUCKDB = {"integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE", "date": "DATE", "boolean": "BOOLEAN"}


def snippets(table: Table, address: str) -> list[tuple[str, str, str]]:
    """Return name, language and code for each tool; ``address`` is that of the table as CSV."""
    return [
        ("Python", "python", _python(table, address)),
        ("R", "r", _r(table, address)),
        ("DuckDB", "sql", _duckdb(table, address)),
        ("Excel (Data › Get Data › Blank Query › Advanced Editor)", "m", _excel(address)),
        ("Google Sheets", "text", f'=IMPORTDATA("{address}")\n'),
    ]


def _numbers(table: Table) -> list[str]:
    return [field.name for field in table.fields if field.type in {"integer", "year"}]


def _python(table: Table, address: str) -> str:
    types = "".join(f'    "{name}": "Int64",\n' for name in _numbers(table))
    typed = f").astype({{\n{types}}})\n" if types else ")\n"
    return (
        f'import pandas as pd\n\n{table.name} = pd.read_csv(\n    "{address}",\n    dtype="string",\n'
        f'    keep_default_na=False,  # NA is a country code here\n    na_values=[""],\n{typed}print({table.name})\n'
    )


def _r(table: Table, address: str) -> str:
    numbers = "".join(f"{table.name}${name} <- as.numeric({table.name}${name})\n" for name in _numbers(table))
    return (
        f'{table.name} <- read.csv(\n  "{address}",\n  colClasses = "character", na.strings = "", encoding = "UTF-8"\n)\n'
        f"{numbers}str({table.name})\n"
    )


def _duckdb(table: Table, address: str) -> str:
    columns = ",\n".join(f"    '{field.name}': '{_DUCKDB.get(field.type, 'VARCHAR')}'" for field in table.fields)
    return f"SELECT *\nFROM read_csv(\n  '{address}',\n  header = true,\n  columns = {{\n{columns}\n  }}\n);\n"


def _excel(address: str) -> str:
    return (
        f'let\n  Source = Csv.Document(Web.Contents("{address}"), [Delimiter = ",", Encoding = 65001]),\n'
        "  Table = Table.PromoteHeaders(Source)\nin\n  Table\n"
    )
