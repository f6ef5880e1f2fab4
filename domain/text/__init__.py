"""Text: folding for search and sort, normalization and checks of input. Read folding.py first."""
