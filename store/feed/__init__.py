"""The change stream on the events, the ring of recent events in memory, and catch-up from the oplog.

Read feed.py first.
"""
