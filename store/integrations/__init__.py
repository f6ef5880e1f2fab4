"""Webhooks with their deliveries, alerts with their rules, and exports. Read webhooks.py first."""
