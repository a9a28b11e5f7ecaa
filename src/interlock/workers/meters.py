"""What operators can measure of channels and reviews, in Prometheus' text format, from a registry of its own.

Labels are names of channels, connections and outcomes, and nothing else: no review, person, address or agent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from interlock.model.channels import Channel

_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0)
_OTHER: Final = "other"  # a refused call to a channel whose name isn't one of ours


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"  # sent, changed or reminded
    FAILED = "failed"  # and it will be tried again
    UNSURE = "unsure"
    GONE = "gone"
    DELETED = "deleted"  # the message was, by somebody else
    SPOILT = "spoilt"  # what the store has of it isn't ours: it is left alone


@dataclass(frozen=True, slots=True)
class Backlog:
    """One channel as it is now. Seconds: of the copy that has been due the longest, and since its service (of several,
    the one that is away the longest) didn't answer."""

    queued: int
    lag: float
    away: float


Look = Callable[[], Awaitable[Mapping[Channel, Backlog]]]


class Meters:
    """Counts as things happen, and looks at the rest when somebody asks."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._deliveries = self._counter("channel_deliveries", "Attempts to deliver, by outcome.", "channel", "outcome")
        self._refused = self._counter("channel_refused", "Calls to us that proved nothing.", "channel")
        self._votes = self._counter("votes", "Votes, by whether they counted.", "channel", "outcome")
        self._fallbacks = self._counter("reviews_fallback", "Reviews told of by other channels than the rules'.")
        self._unreached = self._counter("reviews_unreached", "Reviews that nobody could be told of.")
        self._queued = self._gauge("channel_queued", "Copies that wait to be sent or changed.", "channel")
        self._lag = self._gauge("channel_lag_seconds", "Age of the copy that is due the longest.", "channel")
        self._away = self._gauge("channel_away_seconds", "For how long the service hasn't answered.", "channel")
        self._calls = self._counter("mcp_calls", "Calls of MCP tools, by what came of them.", "connection", "outcome")
        self._call_seconds = Histogram(
            "interlock_mcp_call_seconds",
            "How long calls of MCP tools took, waits for people among it.",
            ("connection",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._changed = self._gauge(
            "mcp_tools_changed", "Pinned tools that the server describes otherwise.", "connection"
        )
        self._gone = self._gauge("mcp_tools_gone", "Pinned tools that the server doesn't list.", "connection")
        self._count_tools: Callable[[], Mapping[str, tuple[int, int]]] = dict
        self._pending = self._gauge("reviews_pending", "Reviews that wait for signatures.")
        self._statements = _Statements()
        self._registry.register(self._statements)
        self._looks: list[Look] = []
        self._count_pending: Callable[[], int] | None = None

    def called(self, connection: str, outcome: str, seconds: float) -> None:
        """A call of an MCP server's tool was answered."""
        self._calls.labels(connection, outcome).inc()
        self._call_seconds.labels(connection).observe(seconds)

    def watch(self, look: Look, pending: Callable[[], int]) -> None:
        """Where the gauges come from."""
        self._looks.append(look)
        self._count_pending = pending

    def delivery(self, channel: Channel, outcome: Outcome) -> None:
        """An attempt ended."""
        self._deliveries.labels(channel.value, outcome.value).inc()

    def refused(self, channel: str) -> None:
        """Somebody called us at a channel's address and proved nothing."""
        self._refused.labels(_named(channel)).inc()

    def vote(self, channel: str, counted: bool) -> None:
        """Somebody answered from a channel."""
        self._votes.labels(_named(channel), "counted" if counted else "refused").inc()

    def fallback(self) -> None:
        """A review's own channels failed, and others were taken."""
        self._fallbacks.inc()

    def unreached(self) -> None:
        """A review's channels failed, and there is no other."""
        self._unreached.inc()

    def count_statements(self, counts: Callable[[], Mapping[str, int]]) -> None:
        """Where the counters of statements come from: one for each outcome, and none ever falls."""
        self._statements.counts = counts

    def count_tools(self, counts: Callable[[], Mapping[str, tuple[int, int]]]) -> None:
        """Where the gauges of pinned tools come from: for each connection, how many changed and how many are gone."""
        self._count_tools = counts

    async def text(self) -> tuple[str, bytes]:
        """(content type, body) of everything as it is now. Raises `LedgerUnavailable`."""
        for look in self._looks:
            for channel, backlog in (await look()).items():
                self._queued.labels(channel.value).set(backlog.queued)
                self._lag.labels(channel.value).set(backlog.lag)
                self._away.labels(channel.value).set(backlog.away)
        for connection, (changed, gone) in self._count_tools().items():
            self._changed.labels(connection).set(changed)
            self._gone.labels(connection).set(gone)
        if self._count_pending is not None:
            self._pending.set(self._count_pending())
        return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._registry)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"interlock_{name}", told, labels, registry=self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"interlock_{name}", told, labels, registry=self._registry)


class _Statements(Collector):
    """Counters that a door keeps, as they are when somebody asks."""

    counts: Callable[[], Mapping[str, int]] = dict

    def collect(self) -> Iterator[Metric]:
        told = "Statements never seen before, by what came of reading them."
        family = CounterMetricFamily("interlock_statements_read", told, labels=["outcome"])
        for outcome, count in self.counts().items():
            family.add_metric([outcome], count)
        yield family


def _named(channel: str) -> str:
    """A label that is one of few, whatever was called."""
    kind = channel.partition("/")[0]
    return kind if kind in {*Channel, "callback"} else _OTHER
