"""Validate any table with any Table Schema, block by block: the verdicts of frictionless, computed on Arrow columns.

A descriptor is compiled once (``schema``, ``compile``); tables are then validated in blocks. This package does not know
our own tables. If frictionless and the standard disagree, we follow the standard; ``docs/departures.md`` lists these cases.
"""
