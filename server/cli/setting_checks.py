"""`partnerhub check`: variables of the environment that no setting reads."""

from collections.abc import Iterable
from difflib import get_close_matches

from server.app.settings import Settings
from server.cli.deployment_checks import Findings

PREFIX = "PARTNERHUB_"
# `serve` sets it for its workers.
_INTERNAL = {"PARTNERHUB_PARENT"}


def check_variables(names: Iterable[str]) -> Findings:
    """Return the unknown variables: probably misspelled ones are problems."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields if name != "mongodb_uri"}
    findings = Findings()
    for name in sorted(names):
        if not name.upper().startswith(PREFIX) or name.upper() in known | _INTERNAL:
            continue
        similar = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if similar:
            findings.problems.append(f"{name} is no setting and has no effect. Did you mean {similar[0]}?")
        else:
            findings.advice.append(f"{name} is no setting and has no effect: README.md lists the settings.")
    return findings
