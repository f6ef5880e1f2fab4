"""What one operation reads: relations in batches, and figures that several fields share.

Read relation.py first, then relations.py, which lists every relation.
"""
