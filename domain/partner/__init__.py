"""The partner's own objects (tags, views, settings, setup, helpdesk, launches, assignments) and their inputs.

Read tags.py first.
"""
