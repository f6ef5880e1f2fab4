"""Deliveries to other systems, and the files of exports. Read webhook_sender.py first."""
