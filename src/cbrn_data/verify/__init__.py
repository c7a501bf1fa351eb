"""What an auditor runs: everything that can be known of a release, or of a whole store, without trusting its maker.

Nothing is written and nothing is fetched. Shared with the producer are the data model, the definitions as they stand in
the release, the checks, and the functions that turn quoted words into values; only ``rebuild`` loads the producer.
"""
