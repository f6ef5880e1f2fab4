"""The development sign-in: an OAuth 2.0 authorization server without passwords, on loopback. Read routes.py first."""
