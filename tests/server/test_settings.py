"""Settings that go together, and those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from labchat.chat.rooms import Routing
from labchat.errors import SettingsError
from labchat.server.settings import Auth, PostPolicy, Settings, choose, guarded, is_loopback


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"port": 70000}, "There is no port 70000"),
        ({"port": -1}, "There is no port"),
        ({"heartbeat": -1.0}, "cannot be negative"),
        ({"lease": 0.0}, "cannot be negative"),
        ({"tls_cert": Path("x")}, "both a certificate and its key"),
        ({"host": "0.0.0.0"}, "needs --auth token"),
        ({"host": "chat.example"}, "needs --auth token"),
        ({"routing": "shout"}, "routing is broadcast or direct, not 'shout'"),
    ],
)
def test_what_does_not_go_together(given, words):
    with pytest.raises(SettingsError, match=words):
        choose(limits={}, **given)


def test_a_limit_is_not_negative():
    with pytest.raises(SettingsError, match="limit body"):
        choose(limits={"body": -1})


def test_what_is_not_given_keeps_its_default():
    assert choose(limits={"body": None}, port=None, routing=None) == Settings()


def test_auth_changes_the_defaults_and_what_is_given_stays():
    chosen = choose(limits={}, auth="token", host="0.0.0.0", post="stores")
    assert chosen.auth is Auth.TOKEN
    assert chosen.routing is Routing.DIRECT
    assert chosen.post is PostPolicy.STORES
    assert chosen.limits.posts_per_second > 0
    assert not chosen.echo
    assert choose(limits={}, auth="token", echo=True).echo
    assert choose(limits={}, auth="token") == guarded()


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("x", False),
    ],
)
def test_loopback(host, is_it):
    assert is_loopback(host) is is_it
