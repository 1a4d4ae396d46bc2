"""What ``/metrics`` tells Prometheus; one registry per server, none shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

if TYPE_CHECKING:
    from labchat.server.hub import Hub

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


class Metrics:
    """Counters that the hub turns, and gauges that look at it when asked.

    Attributes:
        posts: posts taken, by the path they came on and what became of them.
        deliveries: posts written to sessions.
        commit: from a post's arrival to its commit.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.posts = Counter(
            "labchat_posts", "Posts taken.", ("path", "result"), registry=self._registry
        )
        self.deliveries = Counter(
            "labchat_deliveries", "Posts written to sessions.", registry=self._registry
        )
        self.commit = Histogram(
            "labchat_commit_seconds",
            "From a post's arrival to its commit.",
            buckets=SECONDS,
            registry=self._registry,
        )

    def watch(self, hub: Hub) -> None:
        """Add the gauges."""
        gauges = {
            "labchat_connections": ("WebSockets open.", lambda: len(hub.links)),
            "labchat_users_present": ("Users present.", lambda: len(hub.company.here())),
            "labchat_unstored_posts": ("Posts waiting for the disk.", lambda: hub.store.waiting),
            "labchat_last_seq": ("The last committed seq.", lambda: hub.store.last_seq),
        }
        for name, (meaning, look) in gauges.items():
            Gauge(name, meaning, registry=self._registry).set_function(look)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
