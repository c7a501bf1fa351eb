"""Statements and curated cells to the tables of the design, every cell with its evidence.

Everything that any source says becomes a claim: this cell has this value, in these words. Claims about one cell are
then resolved: the newest edition of a leaflet decides, a curated row fills what leaflets leave null.
"""
