"""Decides which index a page of customers is read from, and reads it.

Read pages.py first: it is the entry point, and explains the planner with an example. Other packages use three modules:
pages.py (`read_page`), rarest_keys.py (`choose_rarest_keys`, for reads of every match) and key_statistics.py
(`count_requested_keys`, for the job that counts keys). import-linter rejects imports of the other modules.
"""
