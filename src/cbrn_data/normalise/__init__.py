"""Quoted words to values: dates, numbers, people, projects and countries, each a pure function of the words alone.

The parser of leaflets finds the place of a statement; these functions return its value. A verifier calls the same functions
on the quote in the evidence, and must get the published value.
"""
