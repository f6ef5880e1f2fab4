"""The mutations of administrators and of their assignments to customers. Read assignment_changes.py first."""
