"""Traces and metrics by OpenTelemetry, if the extra `telemetry` is installed and an endpoint is named.

What is told: ids of requests, names of systems, verbs, standings, counts, durations and the kinds of errors. Never a
value, and never an error's words, which a vendor may have chosen. Libraries are not instrumented: their spans have
addresses with identifiers in them. Without the extra, or without OTEL_EXPORTER_OTLP_ENDPOINT, nothing is told.

Sources: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ (the variables),
https://opentelemetry.io/docs/specs/semconv/general/recording-errors/ (error.type).
"""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_NAME = "dsr"
_log = logging.getLogger("dsr.telemetry")
P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


class Telemetry:
    """Where spans and measurements go; `off` until `to` was called."""

    def __init__(self) -> None:
        self._tracer: Any = None
        self._instruments: dict[str, Any] = {}
        self._meter: Any = None

    @property
    def on(self) -> bool:
        return self._tracer is not None

    def to(self, traces: Any, metrics: Any) -> None:
        """Use these providers of the SDK from now on."""
        self._tracer, self._meter = traces.get_tracer(_NAME), metrics.get_meter(_NAME)
        self._instruments = {
            "dsr.steps": self._meter.create_counter("dsr.steps", description="steps that a system answered"),
            "dsr.retries": self._meter.create_counter("dsr.retries", description="calls that were asked again"),
            "dsr.requests": self._meter.create_counter("dsr.requests", description="plans and runs of requests"),
            "dsr.call.duration": self._meter.create_histogram("dsr.call.duration", "s", "a verb of a connector"),
        }

    def off(self) -> None:
        self._tracer = self._meter = None
        self._instruments = {}

    def count(self, name: str, number: int = 1, **told: str) -> None:
        """Add to one of the counters."""
        if self.on:
            self._instruments[name].add(number, told)

    def watch_open(self, count: Callable[[], int]) -> None:
        """Report how many requests are open, asked whenever metrics are collected."""
        if not self.on:
            return
        from opentelemetry.metrics import CallbackOptions, Observation

        def asked(options: CallbackOptions) -> list[Observation]:
            return [Observation(count())]

        self._meter.create_observable_gauge("dsr.requests.open", [asked], description="requests without an end")

    def here(self) -> Any:
        """The context of what is under way, for what goes on in another thread."""
        if not self.on:
            return None
        from opentelemetry import context

        return context.get_current()

    @contextmanager
    def span(self, name: str, within: Any = None, **told: str) -> Iterator[dict[str, int]]:
        """Around a piece of work: a span and, of a connector's verb, its duration. Counts put into what it yields
        become attributes. An error gives its kind alone."""
        counts: dict[str, int] = {}
        if not self.on:
            yield counts
            return
        attributes = {f"dsr.{key}": value for key, value in told.items()}
        span = self._tracer.start_span(name, within, attributes=attributes)
        began, kind = time.perf_counter(), ""
        try:
            with self._current(span, within):
                yield counts
        except Exception as error:
            kind = type(error).__name__
            raise
        finally:
            self._end(span, time.perf_counter() - began, kind, counts, told)

    @staticmethod
    def _current(span: Any, within: Any) -> AbstractContextManager[Any]:
        """What is given its place is a connector's, a generator that may end elsewhere: nothing goes below it."""
        from opentelemetry.trace import use_span

        return nullcontext() if within is not None else use_span(
            span, record_exception=False, set_status_on_exception=False
        )  # fmt: skip

    def _end(self, span: Any, took: float, kind: str, counts: Mapping[str, int], told: Mapping[str, str]) -> None:
        from opentelemetry.trace import StatusCode

        if kind:
            span.set_attribute("error.type", kind)
            span.set_status(StatusCode.ERROR)
        for key, number in counts.items():
            span.set_attribute(f"dsr.{key}", number)
        span.end()
        series = {**told, **({"error.type": kind} if kind else {})}
        series.pop("request", None)  # would make one series each
        if "system" in told:
            self._instruments["dsr.call.duration"].record(took, series)
        else:
            self._instruments["dsr.requests"].add(1, {"what": span.name, **series})


telemetry = Telemetry()


def traced(method: Callable[Concatenate[S, str, P], T]) -> Callable[Concatenate[S, str, P], T]:
    """A use case of one request in a span of its own, named as it is."""

    @functools.wraps(method)
    def within(self: S, request: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with telemetry.span(method.__name__, request=request):
            return method(self, request, *args, **kwargs)

    return within


@contextmanager
def exported(environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """While inside, what is told goes to the OTLP endpoint that the environment names; flushed at the end.

    Does nothing without one; without the extra it says so.
    """
    if not environ.get(_ENDPOINT) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("%s is set, and nothing is told: the extra `telemetry` is not installed", _ENDPOINT)
        yield
        return
    resource = Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", _NAME)})
    traces = TracerProvider(resource=resource)
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    telemetry.to(traces, metrics)
    try:
        yield
    finally:
        telemetry.off()
        traces.shutdown()
        metrics.shutdown()
