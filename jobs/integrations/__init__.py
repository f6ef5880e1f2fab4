"""Deliveries to other systems. Read webhook_sender.py first."""
