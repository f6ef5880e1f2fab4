"""Subscriptions over websockets: protocol, groups of equal feeds, send queues.

Read protocol.py, then feed_groups.py.
"""
