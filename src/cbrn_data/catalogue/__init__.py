"""Derived files for readers: the catalogue for harvesters, the feed, and the copy of the newest release.

``model`` is the only description; DCAT-AP, schema.org, the sitemap and the pages of the portal are made from it, so they
agree. Every publication derives all these files again from the releases. Serialisers escape text from sources.
"""
