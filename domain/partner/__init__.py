"""The partner's own objects: tags, views, settings, setup, helpdesk, launches, assignments. Read tags.py first."""
