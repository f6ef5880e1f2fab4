"""Webhooks and their deliveries, and exports. Read webhooks.py first."""
