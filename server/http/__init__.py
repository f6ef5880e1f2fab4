"""The HTTP routes. Read graphql.py first."""
