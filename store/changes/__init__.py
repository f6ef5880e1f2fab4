"""The one write path: facts, projection and events of customers in one transaction. Read customer_change.py first."""
