"""Decides which index a page of customers is read from, and reads it. Entry point: pages.read_page."""
