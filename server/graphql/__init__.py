"""Parses, checks, costs and runs operations; renders errors. Read operations.py first."""
