"""Opaque cursors of lists and feeds: read encoding.py first, then list.py and feed.py."""
