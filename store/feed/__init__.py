"""The change stream of the log, its ring in memory, cursors and catch-up. Read feed.py first."""
