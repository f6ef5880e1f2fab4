"""The metrics of deliveries to other systems."""

from prometheus_client import Counter, Histogram

WEBHOOK_ATTEMPTS = Counter(
    "partnerhub_webhook_attempts_total",
    "Attempts to deliver an event to a webhook, by the state of the delivery after it",
    ["state"],
)
WEBHOOK_SECONDS = Histogram(
    "partnerhub_webhook_seconds",
    "From the write of an event to its delivery, in seconds",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3_600, 86_400),
)
ALERTS = Counter("partnerhub_alerts_total", "Alerts that events of the log have opened or resolved", ["change"])
ALERT_SECONDS = Histogram(
    "partnerhub_alert_seconds",
    "From the write of an event to the alerts that it opens, in seconds",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 3_600, 86_400),
)
MAILS = Counter(
    "partnerhub_mails_total",
    "E-mails by what became of an attempt: sent, retried (the server did not accept it yet), dropped",
    ["result"],
)
