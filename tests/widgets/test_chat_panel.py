from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from labchat.chat.session import Bubble, Delivery, Link, Snapshot, Transport
from labchat.errors import ChatError, InvalidEvent, LabError
from labchat.widgets.chat_panel import ChatPanel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = {"user-1": "Alice", "user-2": "Bob"}


class FakeChat:
    """A chat that does what a panel asks and writes it down."""

    def __init__(self) -> None:
        self.seen = Snapshot(user="user-1", link=Link.CONNECTED)
        self.calls: list[tuple[str, ...]] = []
        self.listeners: list[Callable[[], None]] = []
        self.stopped = False

    def snapshot(self) -> Snapshot:
        if self.stopped:
            raise LabError("this lab is stopped; start one with labchat.start()")
        return self.seen

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(changed)
        return lambda: self.listeners.remove(changed)

    def become(self, **fields: Any) -> None:
        self.seen = replace(self.seen, **fields)
        for changed in self.listeners:
            changed()

    def post(self, text: str, receiver: str) -> str:
        if not text:
            raise InvalidEvent("a post has a text")
        post_id = f"msg-{len(self.seen.bubbles)}"
        self.show(post_id, text, Delivery.SENT, receiver=receiver)
        return post_id

    def show(
        self, post_id: str, text: str, delivery: Delivery, *, receiver: str = "user-2"
    ) -> None:
        bubble = Bubble(post_id, text, "user-1", receiver, "2026-11-25T09:30:00Z", delivery)
        self.become(bubbles=(*self.seen.bubbles, bubble))

    def type_to(self, receiver: str) -> None:
        self.calls.append(("type_to", receiver))

    def retry(self, post_id: str) -> None:
        self.calls.append(("retry", post_id))

    def go_offline(self) -> None:
        self.calls.append(("go_offline",))
        self.become(link=Link.OFFLINE)

    def go_online(self) -> None:
        self.calls.append(("go_online",))
        self.become(link=Link.CONNECTING)

    def set_transport(self, transport: Transport) -> None:
        self.calls.append(("set_transport", transport))
        self.become(transport=transport)


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat()


@pytest.fixture
def panel(chat: FakeChat) -> Iterator[ChatPanel]:
    panel = ChatPanel(chat, peer="user-2", names=NAMES, wall=lambda: 1000.0)
    panel.bridge.flush()
    yield panel
    panel.close()


@pytest.fixture
def said(panel: ChatPanel, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the panel sends to its front end."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(panel, "send", messages.append)
    return messages


def front(panel: ChatPanel, **content: Any) -> None:
    """The front end says something."""
    panel._handle_custom_msg(content, [])


def ids(panel: ChatPanel) -> list[str]:
    panel.bridge.flush()
    return [row["id"] for row in panel.posts]


def test_its_name_is_stable(panel: ChatPanel, chat: FakeChat) -> None:
    assert repr(panel) == "ChatPanel(Alice with Bob)"
    chat.stopped = True
    assert repr(panel) == "ChatPanel(Alice with Bob)"


def test_a_post_shows_with_its_state(panel: ChatPanel) -> None:
    post_id = panel.post("Hello")
    panel.bridge.flush()
    assert [(row["id"], row["text"], row["delivery"]) for row in panel.posts] == [
        (post_id, "Hello", "sent")
    ]


def test_changes_come_through_the_bridge_from_any_thread(panel: ChatPanel, chat: FakeChat) -> None:
    drawn = threading.Event()
    panel.observe(lambda _: drawn.set(), "posts")
    thread = threading.Thread(target=chat.show, args=("x", "Hi", Delivery.PENDING))
    thread.start()
    thread.join()
    assert drawn.wait(50)
    assert ids(panel) == ["x"]


def test_only_the_newest_are_sent_until_more_are_wanted(panel: ChatPanel, chat: FakeChat) -> None:
    many = [Bubble(f"m{n}", "x", "user-2", "user-1", "now", Delivery.RECEIVED) for n in range(250)]
    chat.become(bubbles=tuple(many))
    assert ids(panel)[0] == "m150"
    assert panel.earlier == 150
    front(panel, type="earlier")
    assert ids(panel)[0] == "m50"
    panel.show_earlier()
    assert ids(panel)[0] == "m0"
    assert panel.earlier == 0


def test_turning_to_another_conversation(panel: ChatPanel, chat: FakeChat) -> None:
    chat.show("a", "to Bob", Delivery.STORED)
    chat.show("b", "to Eve", Delivery.STORED, receiver="user-3")
    assert ids(panel) == ["a"]
    panel.peer = "user-3"
    assert ids(panel) == ["b"]
    assert repr(panel) == "ChatPanel(Alice with user-3)"
    panel.type()
    assert chat.calls == [("type_to", "user-3")]


def test_a_long_text_comes_whole_when_asked_for(panel: ChatPanel, chat: FakeChat) -> None:
    chat.show("x", "y" * 5000, Delivery.SENT)
    panel.bridge.flush()
    assert len(panel.posts[0]["text"]) < 5000
    front(panel, type="whole", id="x")
    panel.bridge.flush()
    assert len(panel.posts[0]["text"]) == 5000


def test_the_countdown_is_told_by_the_wall_clock(panel: ChatPanel, chat: FakeChat) -> None:
    chat.become(link=Link.RECONNECTING, attempt=3, max_attempts=5, next_attempt_in=4.0)
    panel.bridge.flush()
    assert panel.head["due_ms"] == 1_004_000
    assert panel.head["banner"]["text"] == "Attempt 3 of 5"


def test_every_button_has_a_twin(panel: ChatPanel, chat: FakeChat) -> None:
    panel.type()
    panel.retry("x")
    panel.go_offline()
    panel.go_online()
    assert chat.calls == [
        ("type_to", "user-2"),
        ("retry", "x"),
        ("go_offline",),
        ("go_online",),
    ]


def test_a_failed_post_is_taken_back_to_be_edited(panel: ChatPanel, chat: FakeChat) -> None:
    chat.show("bad", "too much", Delivery.FAILED)
    chat.show("good", "fine", Delivery.STORED)
    assert panel.edit("bad") == "too much"
    assert ids(panel) == ["good"]
    with pytest.raises(ChatError, match="'good'"):
        panel.edit("good")


def test_offline_is_a_trait_that_follows_and_commands(panel: ChatPanel, chat: FakeChat) -> None:
    chat.become(link=Link.OFFLINE)
    panel.bridge.flush()
    assert panel.offline
    assert chat.calls == []
    panel.offline = False
    assert chat.calls == [("go_online",)]
    panel.offline = True
    assert chat.calls == [("go_online",), ("go_offline",)]


def test_transport_is_a_trait_that_follows_and_commands(panel: ChatPanel, chat: FakeChat) -> None:
    chat.become(transport=Transport.POST)
    panel.bridge.flush()
    assert panel.transport == "post"
    assert chat.calls == []
    panel.transport = "websocket"
    assert chat.calls == [("set_transport", Transport.WEBSOCKET)]


def test_the_controls_are_linked(panel: ChatPanel, chat: FakeChat) -> None:
    paths, away = panel.controls().children
    paths.value = "post"
    away.value = True
    assert chat.calls == [("set_transport", Transport.POST), ("go_offline",)]
    chat.become(link=Link.CONNECTED, transport=Transport.BOTH)
    panel.bridge.flush()
    assert (paths.value, away.value) == ("both", False)


def test_the_front_end_is_answered(panel: ChatPanel, said: list[dict[str, Any]]) -> None:
    front(panel, type="ready")
    front(panel, type="post", n=1, text="Hello")
    front(panel, type="post", n=2, text="")
    front(panel, type="post", n=3, text=7)
    assert said == [
        {"type": "live"},
        {"type": "posted", "n": 1, "id": "msg-0"},
        {"type": "refused", "n": 2, "reason": "a post has a text"},
        {"type": "refused", "n": 3, "reason": "a post has a text"},
    ]


def test_the_front_ends_buttons(
    panel: ChatPanel, chat: FakeChat, said: list[dict[str, Any]]
) -> None:
    chat.show("bad", "too much", Delivery.FAILED)
    front(panel, type="type")
    front(panel, type="retry", id="bad")
    front(panel, type="online")
    front(panel, type="edit", id="bad")
    front(panel, type="dance")
    assert chat.calls == [("type_to", "user-2"), ("retry", "bad"), ("go_online",)]
    assert said == [{"type": "draft", "text": "too much"}]


def test_a_lab_that_is_stopped_is_said_to_be(panel: ChatPanel, chat: FakeChat) -> None:
    chat.stopped = True
    panel.bridge.changed()
    panel.bridge.flush()
    assert panel.head["badge"]["words"] == "closed"
    assert panel.head["banner"]["text"].startswith("this lab is stopped")
    assert panel.head["name"] == "Alice"


def test_a_closed_panel_follows_nothing(chat: FakeChat) -> None:
    panel = ChatPanel(chat, peer="user-2")
    panel.close()
    assert chat.listeners == []


def test_what_is_kept_with_a_notebook_is_what_is_drawn(panel: ChatPanel, chat: FakeChat) -> None:
    chat.show("x", "Hi", Delivery.STORED)
    panel.bridge.flush()
    state = panel.get_state()
    assert [row["text"] for row in state["posts"]] == ["Hi"]
    assert state["head"]["badge"]["words"] == "connected"
