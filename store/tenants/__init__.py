"""Partners, their administrators and sign-ins. Read partners.py first."""
