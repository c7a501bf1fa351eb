"""Check whether the pages that rows name still exist: ``named`` collects them, ``ask`` requests them, ``check`` reports.

Publishing never uses this package: the answer of a server must not decide what is published.
"""
