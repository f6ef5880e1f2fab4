"""Access to MongoDB: client, tenant scope, transactions, ids, leases, keyset pages, secrets. Read scope.py first."""
