"""Customers: statuses, their projection and keys, filters and KPIs. Read statuses.py first, then filter.py."""
