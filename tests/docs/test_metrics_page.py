"""docs/operating.md describes every metric with its labels, and no other."""

import re
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import server.asgi
import server.serving  # noqa: F401  Both together define all metrics.

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"


def test_the_page_describes_every_metric() -> None:
    collectors = {one for one in REGISTRY._collector_to_names if isinstance(one, MetricWrapperBase)}
    text = PAGE.read_text()
    described = dict(re.findall(r"^\| `(partnerhub_\w+)(?:\{([\w, ]+)\})?` \|", text, re.MULTILINE))
    exported = {}
    for metric in collectors:
        suffix = "_total" if metric._type == "counter" else ""
        exported[f"{metric._name}{suffix}"] = ", ".join(metric._labelnames)
    assert described == exported
    alerts = text.partition("### Alerts")[2].partition("\n## ")[0]
    named = {re.sub("_(bucket|count|sum)$", "", name) for name in re.findall(r"partnerhub_\w+", alerts)}
    assert named and named <= exported.keys()
