"""The numbers of RFC 6455: opcodes, status codes, and which of them may be on the wire."""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """What a frame is (RFC 6455 §5.2, §11.8); 0x3-0x7 and 0xB-0xF are reserved."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(IntEnum):
    """Status codes (RFC 6455 §7.4.1 and the IANA registry of §11.7)."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    RESERVED = 1004
    NO_STATUS_RCVD = 1005
    ABNORMAL_CLOSURE = 1006
    INVALID_FRAME_PAYLOAD_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXT = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015

    @property
    def phrase(self) -> str:
        """The code in words: "going away"."""
        return self.name.lower().replace("_", " ")


_NEVER_ON_THE_WIRE = {
    CloseCode.RESERVED: "1004 is reserved; its meaning was never defined",
    CloseCode.NO_STATUS_RCVD: "1005 means that no code was sent, so it cannot be sent",
    CloseCode.ABNORMAL_CLOSURE: "1006 means that no close frame came, so it cannot be in one",
    CloseCode.TLS_HANDSHAKE: "1015 means that TLS failed, so it cannot be in a frame",
}


def close_code_problem(code: int) -> tuple[str, str] | None:
    """Why ``code`` must not stand in a close frame, as (sentence, section), or None."""
    if code in _NEVER_ON_THE_WIRE:
        return _NEVER_ON_THE_WIRE[CloseCode(code)], "RFC 6455 §7.4.1"
    if code < 1000:
        return f"status codes 0 to 999 are not used; this is {code}", "RFC 6455 §7.4.2"
    if 1015 < code < 3000:
        return f"{code} is reserved for the protocol and not assigned", "RFC 6455 §7.4.2"
    if code >= 5000:
        return f"status codes end at 4999; this is {code}", "RFC 6455 §7.4.2"
    return None


def opcode_name(opcode: int) -> str:
    """The opcode in one word: "text", "ping", "reserved 0x3"."""
    try:
        return Opcode(opcode).name.lower()
    except ValueError:
        return f"reserved 0x{opcode:X}"
