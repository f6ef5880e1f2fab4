"""The rules of the partner hub as pure functions and plain types: no I/O, no clock. Read types.py, then failures.py."""
