"""Tokens, and from a token to the viewer. Read viewer.py first."""
