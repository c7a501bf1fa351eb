"""Whether the pages that people's rows name are still there: ``named`` collects them, ``ask`` asks, ``check`` judges.

Nothing here is part of a publication: what a server answers today must not decide what is published.
"""
