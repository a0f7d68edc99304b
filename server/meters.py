"""Meters: figures about the running server, cheap to keep and read only when somebody asks.

A room declares its meters as data and the process holds one `Meters`. On the way of a stanza a
counter is an attribute: `received.value += 1`. Labels are few and never hold addresses.

    received = meters.counter("stanzas_received", "Stanzas from clients", labels=("kind",))
    messages = received.at("message")        # once, at start
    messages.value += 1                      # on the way
    meters.gauge("sessions", "Bound resources", lambda: len(sessions))
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar, cast

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import Collector

M = TypeVar("M", "CounterFamily", "Gauge", "Histogram")
PREFIX: Final = "skerry_"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for a time that is mostly short."""


class Counter:
    """A number that only grows, under one set of labels."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


@dataclass(slots=True)
class CounterFamily:
    """Counters of one name, told apart by labels."""

    name: str
    doc: str
    labels: tuple[str, ...] = ()
    counters: dict[tuple[str, ...], Counter] = field(default_factory=dict)

    def at(self, *values: str) -> Counter:
        """The counter with these values of the labels, in their order."""
        if len(values) != len(self.labels):
            raise ValueError(f"meter {self.name} has the labels {self.labels}, not {values}")
        return self.counters.setdefault(values, Counter())


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that comes and goes, read where it is."""

    name: str
    doc: str
    read: Callable[[], float]


@dataclass(slots=True)
class Histogram:
    """How values spread over buckets."""

    name: str
    doc: str
    bounds: tuple[float, ...]
    total: float = 0.0
    counts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        """Count `value`."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Meters:
    """All meters of this process."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        self._all: dict[str, CounterFamily | Gauge | Histogram] = {}

    def counter(self, name: str, doc: str, labels: Sequence[str] = ()) -> CounterFamily:
        """Declare counters; `at()` gives the one to count with."""
        return self._add(CounterFamily(name, doc, tuple(labels)))

    def gauge(self, name: str, doc: str, read: Callable[[], float]) -> Gauge:
        """Declare a gauge that is read by calling `read`."""
        return self._add(Gauge(name, doc, read))

    def histogram(self, name: str, doc: str, bounds: Sequence[float] = SECONDS) -> Histogram:
        """Declare a histogram with these upper bounds."""
        return self._add(Histogram(name, doc, tuple(sorted(bounds))))

    def render(self) -> bytes:
        """All figures as Prometheus reads them, with those of the process (memory, CPU, files)."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(cast("Collector", self))
        return generate_latest(registry)

    def collect(self) -> "Iterator[Metric]":
        """The figures one by one, for a registry of prometheus_client."""
        from prometheus_client import core

        for meter in self._all.values():
            name = PREFIX + meter.name
            match meter:
                case CounterFamily():
                    counters = core.CounterMetricFamily(name, meter.doc, labels=meter.labels)
                    for values, counter in meter.counters.items():
                        counters.add_metric(values, counter.value)
                    yield counters
                case Gauge():
                    yield core.GaugeMetricFamily(name, meter.doc, value=meter.read())
                case Histogram():
                    yield core.HistogramMetricFamily(
                        name, meter.doc, buckets=_cumulative(meter), sum_value=meter.total
                    )

    def _add(self, meter: M) -> M:
        """Keep a meter, under a name nobody else has."""
        if meter.name in self._all:
            raise ValueError(f"two meters of the name {meter.name}")
        self._all[meter.name] = meter
        return meter


def _cumulative(histogram: Histogram) -> list[tuple[str, float]]:
    """Buckets as Prometheus wants them: each counts all the smaller ones too."""
    bounds = [*map(str, histogram.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
