"""Verify a release, or a whole store, without trust in its publisher.

Verification does not write or fetch files; only ``remote`` fetches them first. It shares with the producer the data model,
the definitions in the release, the checks, and the functions that derive values from quoted words; only ``rebuild`` loads
the producer.
"""
