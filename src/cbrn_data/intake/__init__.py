"""Add received files: read a file, and copy it to ``raw/`` with its sidecar."""
