"""What runs later or in bulk: the clock's jobs, imports and the sample partner."""
