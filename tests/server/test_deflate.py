"""Which offers of permessage-deflate are taken, and with what answer (RFC 7692 §7)."""

from __future__ import annotations

import pytest

from labchat.server.deflate import Agreed, agree

TAKEN = {
    "permessage-deflate": "",
    "permessage-deflate; client_max_window_bits": "",
    "permessage-deflate; client_max_window_bits=10": "; client_max_window_bits=10",
    'permessage-deflate; client_max_window_bits="10"': "; client_max_window_bits=10",
    "permessage-deflate; client_max_window_bits=8": "; client_max_window_bits=8",
    "permessage-deflate; server_max_window_bits=9": "; server_max_window_bits=9",
    "permessage-deflate; client_no_context_takeover": "; client_no_context_takeover",
    "permessage-deflate; server_no_context_takeover": "",
    "x-other, permessage-deflate": "",
    "permessage-deflate; nonsense, permessage-deflate; client_no_context_takeover": (
        "; client_no_context_takeover"
    ),
}

PASSED_OVER = [
    "",
    "x-other",
    "permessage-deflate; nonsense",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=8",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=09",
    "permessage-deflate; client_max_window_bits=ten",
    "permessage-deflate; client_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; =;;",
]


@pytest.mark.parametrize(("offer", "more"), TAKEN.items())
def test_an_offer_that_can_be_met(offer, more):
    agreed = agree(offer)
    assert agreed is not None
    assert agreed.answer() == "permessage-deflate; server_no_context_takeover" + more


@pytest.mark.parametrize("offer", PASSED_OVER)
def test_an_offer_that_is_passed_over(offer):
    assert agree(offer) is None


def test_windows_are_as_agreed():
    assert agree(
        "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"
    ) == Agreed(server_bits=10, client_bits=11, client_bits_asked=True)
