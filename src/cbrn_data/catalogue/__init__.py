"""What is derived from the releases for readers: the catalogue for harvesters, the feed, the newest release once more.

``model`` is the one description; DCAT-AP, schema.org, the sitemap and the pages of the portal are made of it, so that they
cannot disagree. Everything here can be made again from the releases, and is, at every publication. Source text goes
through serialisers.
"""
