import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser
import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from feuilleton.observability import metrics
from tests.unit.deploy.services import ROOT, read_one

DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
# What the scrape itself adds to every series.
SCRAPE_LABELS = {"instance", "job", "service"}
SCRAPE_METRICS = {"up": set[str]()}


@dataclass(frozen=True)
class Used:
    """A series as an expression names it, and the labels that it is picked or summed by."""

    series: str
    labels: frozenset[str]


def series_of_the_code() -> dict[str, set[str]]:
    """Each name that /metrics can show, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if not isinstance(metric, MetricWrapperBase):
            continue
        name, labels = metric._name, set(metric._labelnames)
        match metric:
            case Counter():
                found[f"{name}_total"] = labels
            case Histogram():
                found |= {f"{name}_count": labels, f"{name}_sum": labels, f"{name}_bucket": labels | {"le"}}
            case Gauge():
                found[name] = labels
    return found


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def expressions() -> list[str]:
    boards = [json.loads(path.read_text("utf-8")) for path in DASHBOARDS]
    targets = [target for board in boards for panel in panels(board) for target in panel.get("targets", ())]
    return [str(target["expr"]).replace("$__rate_interval", "5m") for target in targets]


def used_in(expression: Any, grouped: frozenset[str] = frozenset()) -> Iterator[Used]:
    """Every series below an expression, with the labels of its matchers and of the sums around it."""
    match expression:
        case promql_parser.VectorSelector():
            picked = {matcher.name for matcher in expression.matchers.matchers}
            yield Used(str(expression.name), grouped | picked)
        case promql_parser.MatrixSelector():
            yield from used_in(expression.vector_selector, grouped)
        case promql_parser.AggregateExpr():
            by = frozenset(expression.modifier.labels if expression.modifier else ())
            yield from used_in(expression.expr, grouped | by)
        case promql_parser.Call():
            for argument in expression.args:
                yield from used_in(argument, grouped)
        case promql_parser.BinaryExpr():
            yield from used_in(expression.lhs, grouped)
            yield from used_in(expression.rhs, grouped)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            yield from used_in(expression.expr, grouped)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return
        case _:
            raise AssertionError(f"{type(expression).__name__} is not looked into")


def test_there_is_something_to_look_at() -> None:
    assert len(expressions()) > 20


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_names_series_and_labels_that_the_code_exports(expression: str) -> None:
    known = series_of_the_code() | SCRAPE_METRICS
    used = list(used_in(promql_parser.parse(expression)))
    assert used
    for series in used:
        assert series.series in known
        assert series.labels <= known[series.series] | SCRAPE_LABELS


def test_every_metric_that_tells_of_a_fault_is_on_a_dashboard() -> None:
    shown = {used.series for expression in expressions() for used in used_in(promql_parser.parse(expression))}
    faults = {"feuilleton_dead_letters_total", "feuilleton_worker_processes_died_total", "feuilleton_outbox_rows"}
    assert faults <= shown


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_have_ids_of_their_own_stay_on_the_grid_and_say_what_they_show(path: Any) -> None:
    board = json.loads(path.read_text("utf-8"))
    found = list(panels(board))
    assert len({panel["id"] for panel in found}) == len(found)
    cells: set[tuple[int, int]] = set()
    for panel in found:
        place = panel["gridPos"]
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in covered) < 24
        assert not covered & cells
        cells |= covered
        assert panel["type"] == "row" or panel["description"]


def test_grafana_is_told_of_the_data_source_and_the_folder_that_are_used() -> None:
    (source,) = read_one(ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    used = {
        panel["datasource"]["uid"]
        for path in DASHBOARDS
        for panel in panels(json.loads(path.read_text("utf-8")))
        if panel["type"] != "row"
    }
    assert used == {source["uid"]}
    (provider,) = read_one(ROOT / "deploy/grafana/provisioning/dashboards/feuilleton.yml")["providers"]
    mounts = read_one(ROOT / "docker-compose.yml")["services"]["grafana"]["volumes"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in mounts
