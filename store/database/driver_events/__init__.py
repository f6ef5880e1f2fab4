"""What is made of the events that the driver reports: spans of commands, metrics of pools, outages.

Read outages.py first.
"""
