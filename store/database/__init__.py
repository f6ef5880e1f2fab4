"""Access to MongoDB: client, tenant scope, transactions, ids, leases, keyset pages. Read scope.py first."""
