"""Keys, tokens, and from a token to the viewer. Read verifier.py first."""
