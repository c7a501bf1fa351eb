"""From a regional secretariat's leaflet to a validated, versioned open-data release.

The rooms, in the order of the data: ``sources`` (raw bytes to verified text and cells), ``words`` (quoted words
to values), ``leaflet`` (text to statements), ``tables`` (statements and curated cells to rows with evidence),
``schema`` (one definition of each table), ``checks`` (findings), ``release`` (canonical bytes, gate, store).
A later room imports an earlier one, never the other way.
"""

__version__ = "0.1.0"
