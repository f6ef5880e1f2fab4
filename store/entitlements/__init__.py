"""Subscriptions, trials, orders and invoices: reads and mutations. Read documents.py first."""
