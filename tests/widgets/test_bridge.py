from __future__ import annotations

import threading

import pytest

from labchat.widgets.bridge import Bridge


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_many_changes_are_one_update() -> None:
    calls: list[str] = []
    updated = threading.Event()

    def update() -> None:
        calls.append(threading.current_thread().name)
        updated.set()

    bridge = Bridge(update, interval=3600, idle=0.01)
    bridge.changed()
    assert updated.wait(50)
    for _ in range(50):
        bridge.changed()
    assert len(calls) == 1, "within the interval the thread waits"
    bridge.flush()
    bridge.flush()
    assert calls == ["labchat-bridge", threading.current_thread().name]
    bridge.close()


def test_the_next_update_waits_for_the_interval() -> None:
    clock = Clock()
    bridge = Bridge(lambda: None, interval=0.05, clock=clock)
    assert bridge.delay() < 0
    bridge.flush()
    assert bridge.delay() == pytest.approx(0.05)
    clock.now += 0.06
    assert bridge.delay() < 0


def test_the_thread_ends_when_idle_and_starts_again() -> None:
    threads: list[threading.Thread] = []
    updated = threading.Semaphore(0)

    def update() -> None:
        threads.append(threading.current_thread())
        updated.release()

    bridge = Bridge(update, interval=0, idle=0.001)
    bridge.changed()
    assert updated.acquire(timeout=50)
    threads[0].join(50)
    assert not threads[0].is_alive()
    bridge.changed()
    assert updated.acquire(timeout=50)
    assert threads[1] is not threads[0]
    bridge.close()
    threads[1].join(50)


def test_nothing_happens_after_close() -> None:
    calls: list[int] = []
    bridge = Bridge(lambda: calls.append(1), interval=0)
    bridge.close()
    bridge.changed()
    bridge.flush()
    assert calls == []


def test_a_change_made_by_a_failing_update_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_type))
    second = threading.Event()
    bridge: Bridge

    def update() -> None:
        if not seen:
            bridge.changed()
            raise ZeroDivisionError
        second.set()

    bridge = Bridge(update, interval=0, idle=0.01)
    bridge.changed()
    # The dying thread hands over before its error is reported: wait for the second update.
    bridge.changed()
    assert second.wait(50)
    assert seen[0] is ZeroDivisionError
    bridge.close()
