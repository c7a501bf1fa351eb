"""Make a release from checked tables: its changes since the newest release, its version, its files, and the gate."""
