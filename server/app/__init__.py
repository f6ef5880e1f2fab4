"""What a process shares between its requests: settings, database, logs, state. Read app_state.py first."""
