"""Answers for programs that speak the Model Context Protocol (``cbrn-data mcp``): each value with its words, read only.

``opened`` makes verified copies of releases, ``answers`` has the content of the answers, ``server`` the tools.
"""
