"""The partner's own objects: setup, settings, views, helpdesk, resources, launches.

Read organization_changes.py first.
"""
