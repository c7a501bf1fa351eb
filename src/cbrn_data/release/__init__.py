"""Checked tables to a release: how it differs from the newest one, its version, its files, and the gate before it."""
