"""Imports: streams and files of records into one partner. Read runner.py first."""
