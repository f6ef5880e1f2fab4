"""The command line `partnerhub`. Read command_line.py first; entry.py starts it."""
