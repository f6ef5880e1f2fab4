"""Exports: the columns and queries of the lists, and the file that is read page by page. Read stream.py first."""
