"""Calls, their weekly sums and the tables of calling engagement. Read calls.py, then roll_up.py."""
