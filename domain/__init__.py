"""The rules of the partner hub as pure functions and plain types."""
