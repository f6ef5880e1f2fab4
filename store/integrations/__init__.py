"""Webhooks and their deliveries. Read webhooks.py first."""
