"""Calling engagement: the classification of call records, and the figures of a week. Read calls.py first."""
