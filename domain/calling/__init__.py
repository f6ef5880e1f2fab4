"""Calling engagement: what a call record says, and the figures of a week. Read calls.py first."""
