"""Findings about whole tables: in a cell, a row, a table, across tables, and against what the source itself claims.

Every check takes rows of text as a release has them, so that the same code judges tables that were just built, a
staged release, and a release that an auditor holds. None raises; ``run.check_tables`` runs all.
"""
