"""The last errors in mongod's log, for a message to the operator."""

import json
from pathlib import Path


def read_last_errors(log: Path, count: int = 5) -> str:
    """Return the last `count` errors of the log, one per line; lines that are not JSON count as errors."""
    lines = log.read_text(errors="replace").splitlines()[-80:] if log.exists() else []
    errors = [error for line in lines if (error := _parse_error(line))]
    return "\n".join(f"  {error[:400]}" for error in errors[-count:]) or "  (it said nothing)"


def _parse_error(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()
    if not isinstance(entry, dict) or entry.get("s") not in ("E", "F"):
        return None
    return f"{entry.get('msg')} {json.dumps(entry.get('attr', {}), ensure_ascii=False)}"
