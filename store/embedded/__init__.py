"""The embedded mongod, a replica set of one member, and the supervisor process that owns it. Read instance.py first."""
