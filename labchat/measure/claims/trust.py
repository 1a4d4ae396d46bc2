"""Claims about what is delivered, to whom, and who may ask for it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

from labchat.measure.claims.claim import Claim, Data, Finding, Verdict
from labchat.measure.receivers import push
from labchat.measure.speakers import TIMEOUT, WebSocketSender, message
from labchat.measure.stage import handshake, posts, raw, request

if TYPE_CHECKING:
    from labchat.measure.speakers import Wire
    from labchat.measure.stage import Stage

EVIL = "https://evil.example"


def measure_retry(stage: Stage) -> Data:
    """A POST whose response is lost, sent again: with the same id, and with none."""
    wire = stage.wire()
    return {"rows": {way: _retried(wire, way) for way in ("same id", "no id")}}


def _retried(wire: Wire, way: str) -> int:
    body = message(f"retry-{time.monotonic_ns()}", "only once, please")
    if way == "no id":
        del body["id"]
    before = _last(wire)
    data = json.dumps(body).encode()
    head = b"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    whole = head + b"Content-Length: %d\r\n\r\n" % len(data) + data
    with socket.create_connection(wire.address, timeout=TIMEOUT) as lost:
        lost.sendall(whole)
        with closing(wire.connection()) as http:
            request(http, "GET", f"/api/messages?after={before}&wait=10")
    with closing(wire.connection()) as http:
        request(http, "POST", "/api/messages", body)
    return len(posts(wire, after=before))


def _last(wire: Wire) -> int:
    return max((post["seq"] for post in posts(wire)), default=0)


def judge_retry(data: Data) -> Finding:
    """Delivered means once; without an id a lost answer makes it twice."""
    rows = data["rows"]
    told = f"Same id: {rows['same id']} row; no id: {rows['no id']} rows."
    if rows["no id"] == 1:
        verdict, why = Verdict.HOLDS, told
    elif rows["same id"] == 1:
        verdict = Verdict.ONLY_IF
        why = f"the retry carries the same id: POST is not idempotent. {told}"
    else:
        verdict, why = Verdict.FALSE, told
    return Finding(rows["no id"], "rows", min(rows.values()), max(rows.values()), verdict, why)


def measure_ids(stage: Stage) -> Data:
    """A thousand messages stamped as the text stamps them, over one WebSocket, at once."""
    wire = stage.wire()
    count = 300 if stage.quick else 1000
    ids = []
    before = _last(wire)
    with wire.websocket("user-1") as ws:
        for n in range(count):
            ids.append(f"msg-{time.time_ns() // 1_000_000}")
            ws.send(json.dumps({"type": "message", **message(ids[-1], f"number {n}")}))
        answers = 0
        while answers < count:
            answers += json.loads(ws.recv(TIMEOUT))["type"] in {"ack", "error"}
    return {"sent": count, "distinct": len(set(ids)), "stored": len(posts(wire, after=before))}


def judge_ids(data: Data) -> Finding:
    """Milliseconds name a message only if no two fall into one."""
    sent, distinct, stored = data["sent"], data["distinct"], data["stored"]
    lost = sent - distinct
    if lost == 0:
        verdict, why = Verdict.HOLDS, f"All {sent} ids were distinct."
    else:
        verdict = Verdict.FALSE
        why = (
            f"{lost} of {sent} messages got an id that another had already; the server could "
            f"store {stored}."
        )
    return Finding(lost, "collisions", lost, lost, verdict, why)


def measure_twice(stage: Stage) -> Data:
    """The text's sequence as written (the POST without the WebSocket's id), then with one id."""
    return {"rows": {way: _both_paths(stage.wire(), way) for way in ("as written", "one id")}}


def _both_paths(wire: Wire, way: str) -> int:
    post_id = f"twice-{time.monotonic_ns()}"
    before = _last(wire)
    with closing(WebSocketSender(wire)) as sender, closing(wire.connection()) as http:
        sender.send(post_id, "Hello")
        body = message(post_id, "Hello")
        if way == "as written":
            del body["id"]
        request(http, "POST", "/api/messages", body)
    return len(posts(wire, after=before))


def judge_twice(data: Data) -> Finding:
    """One message is one row."""
    rows = data["rows"]
    told = f"As written {rows['as written']} rows, with one id {rows['one id']}."
    if rows["as written"] == 1:
        verdict, why = Verdict.HOLDS, told
    elif rows["one id"] == 1:
        verdict, why = Verdict.ONLY_IF, f"one id names the message on both paths. {told}"
    else:
        verdict, why = Verdict.FALSE, told
    return Finding(rows["as written"], "rows", min(rows.values()), max(rows.values()), verdict, why)


def measure_broadcast(stage: Stage) -> Data:
    """Does a third user hear a private message, by each routing?"""
    heard = {}
    for routing in ("broadcast", "direct"):
        wire = stage.wire("--routing", routing)
        with wire.websocket("eavesdropper") as third, push(wire) as receiver:
            with closing(WebSocketSender(wire)) as sender:
                sender.send(f"private-{routing}", "for Bob alone")
                receiver.wait(f"private-{routing}")
            third.ping().wait(TIMEOUT)
            third.close()
            heard[routing] = sum(json.loads(each)["type"] == "message" for each in third)
    return {"heard": heard}


def judge_broadcast(data: Data) -> Finding:
    """To all connected clients means: to those it is not for as well."""
    heard = data["heard"]
    told = f"A third user heard {heard['broadcast']} by broadcast and {heard['direct']} directly."
    if heard["broadcast"] and heard["direct"]:
        verdict, why = Verdict.HOLDS, told
    elif heard["broadcast"]:
        verdict = Verdict.ONLY_IF
        why = f'nothing is private: routing="direct" tells only the two. {told}'
    else:
        verdict, why = Verdict.FALSE, told
    return Finding(heard["broadcast"], "messages overheard", 0, max(heard.values()), verdict, why)


def measure_origin(stage: Stage) -> Data:
    """Another site's page opens a WebSocket: with the server's Origin check, and without."""
    statuses = {}
    for name, options in {"checked": (), "any": ("--origin", "any")}.items():
        answer = raw(stage.wire(*options), handshake(origin=EVIL), until=b"\r\n\r\n")
        statuses[name] = int(answer.split(b" ", 2)[1])
    return {"statuses": statuses}


def judge_origin(data: Data) -> Finding:
    """CORS would have to stop it by itself; it is the server's own check that does."""
    statuses = data["statuses"]
    told = (
        f"A page of another site got {statuses['any']} without and {statuses['checked']} with a "
        "check of Origin"
    )
    if statuses["any"] != 101:
        verdict, why = Verdict.HOLDS, f"{told}."
    elif statuses["checked"] != 101:
        verdict = Verdict.ONLY_IF
        why = f"the server checks Origin itself: CORS does not cover WebSocket. {told}."
    else:
        verdict, why = Verdict.FALSE, f"{told}: nothing stops it."
    status = statuses["any"]
    return Finding(status, "status", status, status, verdict, why)


CLAIMS = (
    Claim(
        "delivered", "Appears instantly, delivered", "RFC 9110 §9.2.2", measure_retry, judge_retry
    ),
    Claim("ids", "id = msg-<milliseconds>", "RFC 9562 §6", measure_ids, judge_ids),
    Claim(
        "twice",
        "The message goes out twice, by WebSocket and by POST",
        "RFC 9110 §9.2.2",
        measure_twice,
        judge_twice,
    ),
    Claim(
        "broadcast",
        "Broadcast to all connected clients",
        "RFC 6973 §5.1",
        measure_broadcast,
        judge_broadcast,
    ),
    Claim(
        "origin",
        "Validate CORS headers, sanitize all inputs, use a Bearer token",
        "RFC 6455 §10.2",
        measure_origin,
        judge_origin,
    ),
)
