"""One definition of each table, and everything that is derived from it.

``schemas/<table>.yaml`` is the only place that says what a table is; the Frictionless descriptor, the pandera schema,
the typed reader and the data dictionary are made from it.
"""
