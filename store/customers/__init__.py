"""Reads of customers: pages of lists, facets, counts, look-ups. Read customers.py first."""
