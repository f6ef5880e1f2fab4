"""Customers: statuses, their transitions and reasons, projection, keys, filters and KPIs. Read statuses.py first."""
