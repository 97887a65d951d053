"""Traces and metrics of a whole request, kept in memory: what happened is told, and nobody is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connectors.errors import RefusedError
from connectors.sandbox.faults import Fault
from connectors.sandbox.world import Sandbox
from orchestrator.telemetry import exported, telemetry, traced
from tests.office import Office, inventory

STORES = ("app_db", "sendgrid")


class Heard:
    """What an endpoint would have got."""

    def __init__(self) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        traces = TracerProvider()
        traces.add_span_processor(SimpleSpanProcessor(self.spans))
        telemetry.to(traces, MeterProvider([self.reader]))

    def metrics(self) -> dict[str, list[Any]]:
        data: Any = json.loads(self.reader.get_metrics_data().to_json())  # type: ignore[union-attr]
        scopes = [s for resource in data["resource_metrics"] for s in resource["scope_metrics"]]
        return {m["name"]: m["data"]["data_points"] for scope in scopes for m in scope["metrics"]}

    def all(self) -> str:
        return json.dumps(self.metrics()) + "".join(span.to_json() for span in self.spans.get_finished_spans())


@pytest.fixture
def heard() -> Iterator[Heard]:
    yield Heard()
    telemetry.off()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    held = inventory(only_connected=True)
    with Sandbox(only=STORES) as sandbox:
        office = Office(sandbox, tmp_path / "state", replace(held, systems={n: held.systems[n] for n in STORES}))
        yield office
        office.close()


def test_a_request_is_told_without_anybodys_data(heard: Heard, office: Office) -> None:
    subject, vault = office.sandbox.people.subject, office.workspace.vault
    telemetry.watch_open(lambda: len(vault.requests()))
    request = office.request(subject.email)
    # A vendor's error comes with words of its own, and is asked again.
    with office.sandbox.stores["sendgrid"].faults.inject(Fault.SERVER_ERROR, times=1):
        digest = office.service.plan(request).digest
    office.service.approve(request, digest)
    office.service.run(request)
    spans = heard.spans.get_finished_spans()
    told = {(s.name, (s.attributes or {}).get("dsr.system")) for s in spans}
    assert {("plan", None), ("run", None), ("locate", "app_db"), ("delete", "sendgrid")} <= told
    (plan,) = (s for s in spans if s.name == "plan")
    assert (plan.attributes or {})["dsr.request"] == request
    first = next(s for s in spans if s.name == "locate")
    assert first.parent
    assert plan.context
    assert first.parent.span_id == plan.context.span_id
    metrics = heard.metrics()
    assert {"dsr.steps", "dsr.retries", "dsr.requests", "dsr.call.duration", "dsr.requests.open"} <= set(metrics)
    assert [p["value"] for p in metrics["dsr.requests.open"]] == [1]
    assert sum(p["value"] for p in metrics["dsr.steps"] if p["attributes"]["system"] == "app_db") > 10
    canaries = [
        subject.email, subject.name, f'"{subject.user_id}"', subject.stripe_customer, *subject.ga_clients,
        office.sandbox.environ["DSR_SANDBOX_APP_DB_DSN"],
    ]  # fmt: skip
    said = heard.all().casefold()
    assert [c for c in canaries if c and c.casefold() in said] == []


def test_of_an_error_only_the_kind_is_told(heard: Heard) -> None:
    class Work:
        @traced
        def plan(self, request: str) -> None:
            raise RefusedError("crm", "ann.lee@example.com is locked")

    with pytest.raises(RefusedError):
        Work().plan("r-1")
    with pytest.raises(RefusedError), telemetry.span("delete", telemetry.here(), system="crm", verb="delete"):
        raise RefusedError("crm", "ann.lee@example.com is locked")
    assert [(s.attributes or {})["error.type"] for s in heard.spans.get_finished_spans()] == ["RefusedError"] * 2
    assert "ann.lee" not in heard.all()
    assert "r-1" not in json.dumps(heard.metrics()), "an id in a metric makes a series of its own"


def test_without_an_endpoint_nothing_is_done() -> None:
    with exported({}), telemetry.span("plan", request="r-1") as counts:
        counts["records"] = 1
        telemetry.count("dsr.retries", system="crm")
        telemetry.watch_open(lambda: 1 // 0)
        assert not telemetry.on
        assert telemetry.here() is None


def test_an_endpoint_without_the_extra_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with exported({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}):
        assert not telemetry.on
    assert "`telemetry` is not installed" in caplog.text


def test_with_an_endpoint_it_is_told_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.sandbox.serve import Server

    bodies: list[bytes] = []

    def endpoint(environ: Any, start_response: Any) -> list[bytes]:
        bodies.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [("Content-Type", "application/x-protobuf")])
        return [b""]

    with Server(endpoint) as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        with exported(), telemetry.span("plan", request="r-1"):
            telemetry.count("dsr.retries", system="crm")
        assert {path for _, path in server.faults.calls} == {"/v1/traces", "/v1/metrics"}
    assert any(b"dsr.retries" in body for body in bodies)
    assert not telemetry.on
