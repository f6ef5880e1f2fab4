"""Tags: the objects, their assignment to customers, bulk jobs and the cleanup after deletion.

Read assignment.py first.
"""
