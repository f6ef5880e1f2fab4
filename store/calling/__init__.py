"""Raw calls, their weekly sums, and the figures of calling engagement. Read calls.py, roll_up.py, then dataset.py."""
