"""Build the tables from statements and curated cells, with evidence for every cell.

Each value of a source becomes a claim: this cell has this value, with these words. Then claims about one cell are
resolved: the newest edition of a leaflet decides, and a curated row fills a cell that leaflets leave null.
"""
