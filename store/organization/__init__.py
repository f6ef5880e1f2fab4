"""The partner's own objects: profile, setup, settings, views, helpdesk, resources, launches.

Read organization_changes.py first.
"""
