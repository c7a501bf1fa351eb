"""Any table against any Table Schema, a block at a time: frictionless's verdicts, computed on whole Arrow columns.

What a descriptor asks for is compiled once (``schema``, ``compile``); tables then stream through in blocks. Nothing in
this room knows our own tables. Where frictionless and the standard disagree we follow the standard, and
``docs/departures.md`` says so.
"""
