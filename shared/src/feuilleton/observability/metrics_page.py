"""`python -m feuilleton.observability.metrics_page > docs/metrics.md`: every metric with its kind, labels and help."""

import sys

from prometheus_client.metrics import MetricWrapperBase

from feuilleton.observability import metrics

_HEAD = """# Metrics

Generated from `feuilleton.observability.metrics`. Each service serves those it sets at `/metrics`.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
"""


def metrics_page() -> str:
    return _HEAD + "".join(_row(metric) for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase))


def _row(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(metric._labelnames) or "–"  # noqa: SLF001  (the library offers no public way)
    return f"| `{name}` | {family.type} | {labels} | {family.documentation} |\n"


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
