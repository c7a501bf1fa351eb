"""The other forms of a release: the whole as a ZIP file and as a workbook, and each table as Parquet.

They are made deterministically from the bytes of the release alone, and are derived files: ``exports/<version>/`` for each
release, with its own SHA256SUMS, and ``exports/latest/``. A release itself has CSV and JSON, which its signature covers. A
table in parts has no Parquet file, and a release with such a table no ZIP file, because each changed row would make them
anew.
"""

from cbrn_data.exports.files import EXPORTS, WORKBOOK, ZIP, exports, parquet_file

__all__ = ["EXPORTS", "WORKBOOK", "ZIP", "exports", "parquet_file"]
