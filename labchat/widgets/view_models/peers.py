"""Who is at the client's end of each connection: a name for sentences, a letter for lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labchat.capture.capture import Connection


@dataclass(frozen=True, slots=True)
class Peer:
    """The client of one connection; ``letter`` is one to three characters."""

    number: int
    name: str
    letter: str
    client: str
    server: str


def peers(connections: Iterable[Connection], names: Mapping[str, str]) -> dict[int, Peer]:
    """The peers by connection number; ``names`` maps labels (such as user ids) to names."""
    found: dict[int, Peer] = {}
    letters: dict[str, str] = {}
    for each in connections:
        label = names.get(each.label, each.label) if each.label else None
        name = label or f"client {each.number}"
        letter = _letter(name, letters) if label else str(each.number)
        found[each.number] = Peer(each.number, name, letter, each.client, each.server)
    return found


def _letter(name: str, taken: dict[str, str]) -> str:
    """The first letters of ``name`` that no other name has; the same name keeps its own."""
    for size in range(1, 3):
        letter = name[:size].upper()
        if taken.setdefault(letter, name) == name:
            return letter
    return name[:3].upper()


def as_json(found: Mapping[int, Peer]) -> list[dict[str, str | int]]:
    """The peers as a trait holds them."""
    return [
        {"number": p.number, "name": p.name, "letter": p.letter, "client": p.client}
        for p in found.values()
    ]
