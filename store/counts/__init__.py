"""Totals and facets of customers from memory: an index of a partner's customers, built on use and kept current.

Read live_indexes.py first; docs/decisions/0022 says why. The order from the bottom up: ordinals, counted_customer,
sorted_columns, segments, customer_index, condition_bitmaps, live_index, live_indexes.
"""
