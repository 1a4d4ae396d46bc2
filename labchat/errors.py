"""The errors labchat raises, as one tree.

::

    LabchatError
    ├── SettingsError          a setting has no meaning, or two do not go together
    ├── PortInUse              somebody else listens there already
    ├── StoreError             the database
    │   ├── StoreUnavailable   not writable, disk full, locked: nothing was acknowledged
    │   ├── ForeignDatabase    not a labchat database, or a newer one
    │   └── IdConflict         the same id names a message with other content
    ├── CaptureError           a capture file
    │   ├── NotACapture        not pcap, pcapng or HAR
    │   └── CaptureCutOff      ends in mid-record; what could be read is kept
    ├── ChatError              the peer or the caller broke the chat's contract
    │   ├── InvalidEvent       not JSON, unknown type, missing or wrong field
    │   ├── TooLong            over a limit, which is named
    │   └── Refused            the server says no, and asking again is no use
    ├── LabError               the lab could not be put together
    │   ├── MissingExtra       a library of the ``lab`` extra is not installed
    │   └── ServerFailed       the server process ended or never came up
    └── TapError               the tap cannot listen, or cannot reach its target

Peer bytes never raise: the dissector returns :class:`labchat.wire.fields.Violation`.
"""

from __future__ import annotations


class LabchatError(Exception):
    """Root of all errors labchat raises; ``str(error)`` is a sentence for a person."""


class SettingsError(LabchatError):
    """A setting has no meaning, or two settings do not go together."""


class PortInUse(LabchatError):
    """Somebody else listens on the wanted address already."""


class StoreError(LabchatError):
    """The database failed."""


class StoreUnavailable(StoreError):
    """Not writable, full or locked; nothing was acknowledged."""


class ForeignDatabase(StoreError):
    """Not a labchat database, or one of a newer labchat."""


class IdConflict(StoreError):
    """The id names a stored message with other content."""


class CaptureError(LabchatError):
    """A capture file cannot be used."""


class NotACapture(CaptureError):
    """Neither pcap nor pcapng nor HAR."""


class CaptureCutOff(CaptureError):
    """The file ends in mid-record; what could be read is kept."""


class ChatError(LabchatError):
    """The peer or the caller broke the chat's contract."""


class InvalidEvent(ChatError):
    """Not JSON, an unknown type, or a field missing or of the wrong type."""


class TooLong(ChatError):
    """Over a limit, which the message names."""


class Refused(ChatError):
    """The server says no, and asking again is no use."""


class LabError(LabchatError):
    """The lab could not be put together."""


class MissingExtra(LabError):
    """A library of the ``lab`` extra is not installed."""


class ServerFailed(LabError):
    """The server process ended, or never came up."""


class TapError(LabchatError):
    """The tap cannot listen, or cannot reach its target."""
