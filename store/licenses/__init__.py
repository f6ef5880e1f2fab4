"""Licence lines: daily snapshots, weekly sums, peer groups and reports. Read lines.py first."""
