"""Limits on how much one caller may request. Read rate_limiter.py first."""
