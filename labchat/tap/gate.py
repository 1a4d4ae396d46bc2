"""The gate: what a person can do to what waits: step, change, delay, repeat, drop, add. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from labchat.errors import SettingsError
from labchat.tap import edit
from labchat.tap.faults.actions import MS
from labchat.tap.holding import Holding, Lost
from labchat.tap.parts import is_body_of, with_length
from labchat.wire.frames import Frame

if TYPE_CHECKING:
    from labchat.tap.edit import Header
    from labchat.tap.held import Breakpoint, Held, Timer
    from labchat.wire.fields import Direction


class Gate(Holding):
    """Holds units, and lets them pass one by one, changed, late, twice or not at all.

    Every act returns at once and may come from any thread; the relay does the rest. Acts are
    written into the capture as annotations.
    """

    def hold(self, *breakpoints: Breakpoint, apart: bool | None = None) -> None:
        """Stop what these are about from now on; everything when none is given.

        Args:
            breakpoints: what stops.
            apart: from now on the head and the body of an HTTP message wait one after the other,
                or no longer do; None leaves it as it is.
        """
        with self._changing():
            self._apart = self._apart if apart is None else apart
            self._paused = self._paused or not breakpoints
            self._breakpoints |= {each: 0 for each in breakpoints if each not in self._breakpoints}
            self._note("holds what was chosen" if breakpoints else "holds everything")

    def cont(self, *, generation: int | None = None) -> bool:
        """Let all that waits go on, and hold no longer everything; breakpoints stay.

        Like every act that takes a ``generation``, it does nothing and returns False when that is
        not the view's any more.
        """
        with self._changing():
            if self._stale(generation):
                return False
            self._open()
        return True

    def release(self, connection: int) -> None:
        """Let all of one connection go on, now and later: it ends, and nobody waits behind it."""
        with self._changing():
            self._free.add(connection)
            self._note("lets all of this connection go on", connection)
            for lane in self._queues.lanes:
                if lane[0] == connection:
                    self._flush(lane)

    def clear(self) -> None:
        """Forget all breakpoints, and let all that waits go on."""
        with self._changing():
            self._breakpoints = {}
            self._apart = False
            self._open()

    def step(
        self,
        number: int | None = None,
        *,
        direction: Direction | None = None,
        until_other: bool = False,
        generation: int | None = None,
    ) -> bool:
        """Let one unit pass.

        Args:
            number: its id; the oldest that waits when None.
            direction: the oldest of this direction.
            until_other: and all that follows it, until the other side says something.
            generation: of the view this is meant for.

        Returns:
            Whether anything passed.

        Raises:
            SettingsError: it waits behind another, or does not wait at all.
        """
        with self._changing():
            held = self._queues.get(number) if number else self._queues.oldest(direction)
            if held is None or self._stale(generation):
                return False
            lane = held.connection, held.direction
            if self._queues.front(lane) is not held:
                raise SettingsError(f"{held.id} ({held.summary}) waits behind another unit.")
            self._let_pass(lane)
            if until_other:
                self._run(lane)
            self._let_followers_pass(lane)
        return True

    def drop(self, number: int | None = None, *, generation: int | None = None) -> bool:
        """Let a unit never go on; the oldest when no id is given."""
        with self._changing():
            held = self._chosen(number, generation)
            if held is None:
                return False
            _, piece = self._queues.remove(held.id)
            self._outbox.append(Lost(held.connection, piece))
            lane = held.connection, held.direction
            self._note(f"dropped {held.id} ({held.summary})", *lane)
            self._let_followers_pass(lane)
        return True

    def duplicate(self, number: int | None = None, *, copies: int = 1) -> bool:
        """Let copies of a unit go ahead of it; the unit itself still waits."""
        with self._changing():
            held = self._chosen(number, None)
            if held is None:
                return False
            for _ in range(copies):
                self._insert(held.connection, held.direction, held.data)
            text = f"sent a copy of {held.id} ({held.summary})"
            self._note(text, held.connection, held.direction)
        return True

    def delay(self, number: int | None = None, *, ms: float) -> bool:
        """Let a unit go on by itself ``ms`` milliseconds from now, if it is first in line then."""
        with self._changing():
            held = self._chosen(number, None)
            if held is None:
                return False
            due = self._clock() + round(ms * MS)
            self._queues.replace(held.id, lambda h: replace(h, due_ns=due, stopped=True))
            self._note(f"delays {held.id} ({held.summary}) by {ms:g} ms", held.connection)
        return True

    def edit(
        self,
        number: int | None = None,
        *,
        payload: bytes | str | None = None,
        data: bytes | None = None,
        **header: Unpack[Header],
    ) -> Held:
        """Change what a unit will be when it goes on.

        Args:
            number: its id; the oldest when None.
            payload: other content; lengths and mask are made right. So is the Content-Length of
                a head that still waits before this body, if they are held apart.
            data: other bytes, right or wrong.
            header: of a frame, as :class:`labchat.tap.edit.Header` tells it.

        Returns:
            The unit as it will go on.

        Raises:
            SettingsError: it does not wait, or cannot be made so.
        """
        with self._changing():
            held = self._chosen(number, None)
            if held is None:
                raise SettingsError("Nothing is held that could be edited.")
            new = data if data is not None else preview(held, payload=payload, **header)
            if data is None and held.kind == "body":
                self._right_head(held, len(new))
            changed = self._queues.replace(held.id, lambda h: replace(h, data=new))
            self._note(
                f"edited {held.id} ({held.summary}): {len(held.data)} bytes became {len(new)}",
                held.connection,
            )
        return changed

    def inject(self, connection: int, direction: Direction, data: bytes) -> None:
        """Send bytes of your own, ahead of what waits."""
        with self._changing():
            self._insert(connection, direction, data)
            self._note(f"injected {len(data)} bytes {direction}", connection, direction)

    def know(self, *timers: Timer) -> None:
        """Tell of the peers' timers; they take the place of those told before."""
        with self._changing():
            self._timers.know(timers)
            self._touched = True

    def _open(self) -> None:
        self._paused = False
        self._running.clear()
        self._note("lets everything go on")
        for lane in self._queues.lanes:
            self._flush(lane)

    def _right_head(self, body: Held, length: int) -> None:
        def right(head: Held) -> Held:
            return replace(head, data=with_length(head.data, length))

        for head in self._queues.view()[body.direction]:
            if is_body_of(body, head):
                self._queues.replace(head.id, right)

    def _stale(self, generation: int | None) -> bool:
        return generation not in {None, self._generation}

    def _chosen(self, number: int | None, generation: int | None) -> Held | None:
        if self._stale(generation):
            return None
        return self._queues.get(number) if number else self._queues.oldest()


def preview(
    held: Held,
    *,
    payload: bytes | str | None = None,
    **header: Unpack[Header],
) -> bytes:
    """The bytes an edit would make, without making it. Raises SettingsError."""
    if not header:
        if held.kind == "body" and payload is not None:
            return payload.encode() if isinstance(payload, str) else payload
        return held.data if payload is None else edit.with_payload(held.unit, payload)
    if not isinstance(held.unit, Frame):
        raise SettingsError("Only a WebSocket frame has these header bits.")
    plain = payload.encode() if isinstance(payload, str) else payload
    return edit.reframe(held.unit, plain, **header)
