"""Work that runs later or in bulk: periodic jobs and imports. Read loop.py first."""
