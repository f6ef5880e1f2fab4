"""Instants, dates, months and weeks, in UTC. Read instants.py first."""
