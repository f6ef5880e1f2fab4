"""The embedded mongod and the supervisor process that owns it. Read instance.py first."""
