"""All that knows MongoDB: documents, queries, transactions, events and the feed."""
