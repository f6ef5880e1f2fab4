"""Delivered records: how each kind is read, and how it merges into stored facts. Read records.py, then merging.py."""
