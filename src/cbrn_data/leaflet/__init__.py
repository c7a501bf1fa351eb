"""Read the text of a leaflet to statements, each with its place in the text.

The readers know the layout but no region: a head (name of the secretariat, city and country, goal, date, funding), then
sections under headings with fixed names, in any order and letter case; blank lines separate their items. Every line is
used, ignored by a named rule, or reported in a finding.
"""
