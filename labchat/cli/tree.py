"""One unit as a coloured tree, with its bits and hex beside it, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from labchat.wire.fields import Direction
from labchat.wire.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from labchat.capture.model import Captured
    from labchat.wire.fields import Field

WIDE = 16
"""Bytes of hex in a line."""
ROOMY = 110
"""Columns from which on there is room for so much; half of it below."""
LONG = 200
"""Characters of a value that are shown; the rest is counted."""
LINES = 4
"""Lines of hex of one field; the rest is counted."""

_QUIET = {"CRLF", "SP", "OWS", ":"}
_HIDDEN = (*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SYMBOLS = {code: 0x2400 + code for code in range(32)} | dict.fromkeys(_HIDDEN, 0xFFFD)
"""Control characters and the marks that turn the reading direction, by what is shown instead."""

_ARROWS = {Direction.C2S: ("→", "blue"), Direction.S2C: ("←", "dark_orange3")}


def heading(captured: Captured, label: str | None) -> Text:
    """The unit's number, way, time, size, and what it is in one line."""
    row = captured.row
    arrow, colour = _ARROWS[row.direction]
    who = f" {visible(label)}" if label else ""
    return Text.assemble(
        (f"#{row.n} ", "bold"),
        (f"{arrow} {row.direction.value} ", f"bold {colour}"),
        (f"{row.kind.value} ", "bold"),
        Text(visible(summarize(captured.unit, captured.message))),
        (
            f"   {row.end_ns / 1e6:.3f} ms, {row.length:,} bytes, connection {row.connection}{who}",
            "dim",
        ),
    )


def tree(captured: Captured, width: int) -> RenderableType:
    """The fields, the message they make, and the rules they break, for ``width`` columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    wide = WIDE if width >= ROOMY else WIDE // 2
    for depth, field in _walk(captured.unit.fields):
        table.add_row(*_line(captured, field, depth, wide))
    for told in _message(captured):
        table.add_row(Text("  message", "green"), told, "", "")
    for broken in captured.unit.violations:
        place = f"{broken.span.start}–{broken.span.stop}"
        table.add_row(Text("  ✗ rule", "bold red"), _rule(broken.rule, broken.section), place, "")
    return table


def _message(captured: Captured) -> Iterator[Text]:
    """The message that the frame ends, if it ends one."""
    message = captured.message
    if message is None or not message.complete or message.last != captured.row.n:
        return
    told = repr(message.payload) if message.text is None else message.text
    packed = f" (inflated; {message.ratio:.2f} of its size on the wire)"
    yield Text(visible(_shortened(told)) + (packed if message.compressed else ""))


def annotation(text: str) -> Text:
    """A remark of the capture."""
    return Text(f"✎ {visible(text)}", style="italic yellow")


def visible(text: str) -> str:
    """``text`` with its control characters as symbols: what a peer sends is never obeyed."""
    return text.translate(_SYMBOLS)


def _rule(rule: str, section: str) -> Text:
    return Text.assemble((rule, "red"), (f" ({section})", "dim"))


def _walk(fields: tuple[Field, ...], depth: int = 1) -> Iterator[tuple[int, Field]]:
    for field in fields:
        yield depth, field
        yield from _walk(field.children, depth + 1)


def _line(captured: Captured, field: Field, depth: int, wide: int) -> tuple[Text, Text, str, str]:
    name, span = "  " * depth + visible(field.name), f"{field.span.start}–{field.span.stop}"
    if field.children:
        return Text(name, "bold"), Text(""), span, ""
    style = "dim" if field.name in _QUIET else ""
    shown = hex_of(captured.unit.data, field, wide)
    return Text(name, style), Text(_value(field.value), style), span, shown


def _value(value: int | str | bytes | bool | None) -> str:
    if isinstance(value, bytes):
        return "" if len(value) > WIDE else repr(value)[2:-1]
    if isinstance(value, str):
        return visible(_shortened(value))
    return "" if value is None else f"{value:d}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}… {len(text) - LONG:,} characters more"


def hex_of(data: bytes, field: Field, wide: int = WIDE) -> str:
    """The field's bytes as hex; where it is only some bits of them, as bits with dots around."""
    start, stop = field.span.start, field.span.stop
    first, last = start // 8, -(-stop // 8)
    if start % 8 or stop % 8:
        bits = "".join(f"{byte:08b}" for byte in data[first:last])
        left, right = start - 8 * first, stop - 8 * first
        shown = "·" * left + bits[left:right] + "·" * (len(bits) - right)
        return " ".join(shown[at : at + 8] for at in range(0, len(shown), 8))
    wanted = data[first:last]
    lines = [wanted[at : at + wide].hex(" ") for at in range(0, len(wanted), wide)]
    over = len(wanted) - LINES * wide
    return "\n".join(lines[:LINES]) + (f"\n… {over:,} bytes more" if over > 0 else "")
