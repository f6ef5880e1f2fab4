"""Deliveries to other systems, alerts, and the files of exports. Read leased_followers.py first."""
