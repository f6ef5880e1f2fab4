"""Limits on connections and requests before the application runs: sizes, times, numbers, and client addresses.

Read request_transport.py; limits.py has the limits and their defaults.
"""
