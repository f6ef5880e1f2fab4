"""Who sees which customers: administrators, roles and assignments. Read assignment_changes.py first."""
