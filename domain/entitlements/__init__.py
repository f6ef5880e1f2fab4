"""Subscriptions and trials: their state over time, licence lines and figures. Read lifecycle.py first."""
