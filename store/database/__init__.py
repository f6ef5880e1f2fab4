"""The door to MongoDB: client, tenant scope, transactions, ids, keyset conditions, secrets. Read scope.py first."""
