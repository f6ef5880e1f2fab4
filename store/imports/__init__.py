"""Writes what upstream systems deliver, by kind. Read deliveries.py first."""
