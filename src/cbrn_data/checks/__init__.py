"""Check whole tables: cells, rows, keys, references, evidence, and the claims of the sources.

Every check takes rows of text as in a release, so that the same code checks new tables, a staged release, and a release of
an auditor. Checks return findings and do not raise; ``run.check_tables`` runs all.
"""
