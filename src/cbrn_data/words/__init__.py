"""Quoted words to values: dates, numbers, people, projects and countries, each a pure function of the words alone.

A leaflet's parser finds *where* something is said; these functions say *what* it says. A verifier calls the same
functions on the quote of a piece of evidence, and must arrive at the published value.
"""
