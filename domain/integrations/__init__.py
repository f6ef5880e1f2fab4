"""What reaches people and systems elsewhere: webhooks, alerts and exports. Read webhooks.py first."""
