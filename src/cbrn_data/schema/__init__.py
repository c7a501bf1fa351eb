"""One definition of each table, and everything that is derived from it.

``schemas/<table>.yaml`` is the only definition of a table; the Frictionless descriptor, the compiled schema and the data
dictionary are derived from it.
"""
