"""What reaches other systems: the rules of webhooks. Read webhooks.py first."""
