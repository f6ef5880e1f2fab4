"""Licence lines, their daily snapshots and weekly sums, peer groups, reports and trends. Read lines.py first."""
