"""What reaches other systems: the rules of webhooks and exports. Read webhooks.py first."""
