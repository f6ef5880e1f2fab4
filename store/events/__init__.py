"""The event log: audit log, outbox and source of all feeds. Read log.py first."""
