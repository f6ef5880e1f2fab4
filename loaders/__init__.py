"""Batches: values by key, one store call however many keys."""
