"""`partnerhub check`: variables of the environment that no setting reads, or that cannot be used."""

from collections.abc import Mapping
from difflib import get_close_matches

from domain.failures import OperatorError
from server.app.settings import PREFIX, Settings, variable_of
from server.cli.deployment_checks import Findings
from server.telemetry.tracing import wants_traces
from server.worker_process import PARENT_VARIABLE

# `serve` sets it for its workers.
_INTERNAL = {PARENT_VARIABLE}


def check_variables(environment: Mapping[str, str]) -> Findings:
    """Return the unknown variables, of which probably misspelled ones are problems, and a wrong exporter of traces."""
    known = {variable_of(name) for name in Settings.__struct_fields__}
    findings = Findings()
    try:
        wants_traces(environment)
    except OperatorError as problem:
        findings.problems.append(str(problem))
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known | _INTERNAL:
            continue
        similar = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if similar:
            findings.problems.append(f"{name} is no setting and has no effect. Did you mean {similar[0]}?")
        else:
            findings.advice.append(f"{name} is no setting and has no effect: README.md lists the settings.")
    return findings
