"""A leaflet's text to statements: what it says, each with the place where it says it.

The layout, and nothing of any region, is known here: a head (name of the secretariat, city and country, goal, date,
funding), then sections under headings of fixed names, in any order and letter case, whose items stand apart by blank
lines. Every line ends up used, ignored by a named rule, or as a finding.
"""
