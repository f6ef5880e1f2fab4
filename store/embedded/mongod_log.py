"""What mongod complained of last, for a person to read."""

import json
from pathlib import Path


def read_last_errors(log: Path, count: int = 5) -> str:
    """What mongod said last that was not mere information, a line each."""
    lines = log.read_text(errors="replace").splitlines()[-80:] if log.exists() else []
    words = [said for line in lines if (said := _parse_error(line))]
    return "\n".join(f"  {said[:400]}" for said in words[-count:]) or "  (it said nothing)"


def _parse_error(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()
    if not isinstance(entry, dict) or entry.get("s") not in ("E", "F"):
        return None
    return f"{entry.get('msg')} {json.dumps(entry.get('attr', {}), ensure_ascii=False)}"
