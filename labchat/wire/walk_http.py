"""Messages of HTTP/1.1: requests, responses, bodies, events, the switch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labchat.wire import heads, index
from labchat.wire.heads import Body
from labchat.wire.index import Part
from labchat.wire.walk import Pending, Reason
from labchat.wire.walk_lines import UNKNOWN, LineWalk

if TYPE_CHECKING:
    from labchat.wire.heads import Head
    from labchat.wire.walk import Steps
    from labchat.wire.walk_lines import Stops

_HTTP2 = b"PRI * HTTP/2.0\r\n"
_LINE_END = rb"(?:\r\n|\n|\r(?!\n|\Z))"
"""CRLF, LF or a lone CR (HTML §9.2.5); a CR at the end of what is there may yet get its LF."""
_EVENT_END = re.compile(_LINE_END + _LINE_END)


class HttpWalk(LineWalk):
    """Walks from message to message."""

    def _http(self) -> Steps:
        while True:
            start, end = yield from self._head()
            if self._client and self.buffer.startswith(_HTTP2, start):
                self._shared.protocol = "tunnel"
                yield from self._opaque(Reason.HTTP2)
            if end < 0:
                yield from self._skip(here=False)
                continue
            if self._client:
                yield from self._request(start, end)
            else:
                yield from self._response(start, end)

    def _request(self, start: int, end: int) -> Steps:
        head = heads.read(bytes(self.buffer[start:end]))
        assert head is not None
        self._shared.protocol = self._shared.protocol or "http"
        pending = Pending(len(self.units), head.method, head.asks_upgrade)
        answer = -1
        if self._shared.switched and self._shared.switched[0] < 0 and head.asks_upgrade:
            answer = self._shared.switched[1]
            self._shared.switched = (pending.row, answer)
        else:
            self._shared.pending.append(pending)
        stop = yield from self._body(head, end, index.REQUEST, answer)
        if stop == UNKNOWN:
            yield from self._skip(here=False)
            return
        self._emit(stop, index.REQUEST, Part.MESSAGE, self._link)
        if head.body is Body.UNKNOWABLE:
            yield from self._skip(here=True)
        if head.asks_upgrade or head.method == "CONNECT":
            yield from self._await_answer(pending)

    def _await_answer(self, pending: Pending) -> Steps:
        """Hold back what follows until the server has said which protocol it is in."""
        while pending in self._shared.pending:
            self.waiting = True
            yield
        self.waiting = False
        if self._shared.switched and self._shared.switched[0] == pending.row:
            yield from self._speak(self._shared.protocol)

    def _response(self, start: int, end: int) -> Steps:
        pending = self._shared.pending[0] if self._shared.pending else None
        method = pending.method if pending else ""
        link = pending.row if pending else -1
        head = heads.read(bytes(self.buffer[start:end]), method=method)
        assert head is not None
        self._shared.protocol = self._shared.protocol or "http"
        if head.event_stream and head.body not in (Body.NONE, Body.TUNNEL):
            yield from self._events(head, end, link)
            return
        stop = yield from self._body(head, end, index.RESPONSE, link)
        if stop == UNKNOWN:
            yield from self._skip(here=False)
            return
        row = self._emit(stop, index.RESPONSE, Part.MESSAGE, link)
        if head.status >= 200 or head.status == 101:
            self._answered(row, link)
        if head.body is Body.TUNNEL:
            yield from self._switch(head, row, link)

    def _switch(self, head: Head, row: int, link: int) -> Steps:
        websocket = head.status == 101 and "websocket" in head.upgrade
        self._shared.protocol = "websocket" if websocket else "tunnel"
        self._shared.switched = (link, row)
        yield from self._speak(self._shared.protocol)

    def _body(self, head: Head, end: int, kind: int, link: int) -> Stops:
        """Wait for the body; returns where it stops, or UNKNOWN after emitting what there is."""
        self._doing(kind, Part.MESSAGE, link)
        if head.body is Body.LENGTH:
            self._stop = end + head.length
            yield from self._until(self._stop)
            return self._stop
        if head.body is Body.CHUNKED:
            return (yield from self._chunks(end, kind, link))
        while head.body is Body.UNTIL_CLOSE:
            yield
        return end

    def _chunks(self, pos: int, kind: int, link: int) -> Stops:
        while True:
            data, stop = yield from self._chunk(pos)
            if stop < 0:
                self._emit_cut(data, kind, Part.MESSAGE, link)
                return UNKNOWN
            if data == stop:
                return stop
            pos = stop

    def _events(self, head: Head, end: int, link: int) -> Steps:
        """The head is a unit; then each event is one, and what ends a chunked body."""
        row = self._emit(end, index.RESPONSE, Part.HEAD, link)
        self._answered(row, link)
        if head.body is Body.CHUNKED:
            self.chunked_rows.add(row)
            yield from self._chunked_events(row)
            return
        stop = end + head.length if head.body is Body.LENGTH else -1
        scanned = end
        while stop < 0 or self.pos < stop:
            self._doing(index.RESPONSE, Part.EVENT, row)
            known = len(self.buffer) if stop < 0 else min(stop, len(self.buffer))
            match = _EVENT_END.search(self.buffer, max(self.pos, scanned - 3), known)
            if match:
                scanned = self._event(match.end(), row)
                continue
            if known == stop:
                self._event(stop, row)
                return
            scanned = known
            yield

    def _event(self, stop: int, head: int) -> int:
        self._emit_cut(stop, index.RESPONSE, Part.EVENT, head)
        return stop

    def _chunked_events(self, head: int) -> Steps:
        carry, at = b"", self.pos
        while True:
            self._doing(index.RESPONSE, Part.EVENT, head)
            data, stop = yield from self._chunk(at)
            if stop < 0:
                if data > self.pos:
                    self._event(data, head)
                yield from self._skip(here=False)
                return
            if data == stop:
                if at > self.pos:
                    self._event(at, head)
                self._emit(stop, index.RESPONSE, Part.END, head)
                return
            carry = self._cut_events((at, data, stop), head, carry)
            at = stop

    def _cut_events(self, chunk: tuple[int, int, int], head: int, carry: bytes) -> bytes:
        """Cut one whole chunk at its events' ends; returns the end of the event left open.

        An event that ends with a lone CR at the end of a chunk is told by the next chunk, and
        still ends before it.
        """
        begin, data, stop = chunk
        last = stop - (2 if self.buffer[stop - 2] == 13 else 1)
        text, done = carry + bytes(self.buffer[data:last]), 0
        for match in _EVENT_END.finditer(text):
            done = match.end()
            cut = data + done - len(carry)
            if cut == data:
                self._event(begin, head)
                continue
            self._event(stop if cut == last else cut, head)
            self._left = last - cut
        return text[max(done, len(text) - 3) :]
