"""What operators see of a process: metrics and records of operations. Start with operation_record.py."""
