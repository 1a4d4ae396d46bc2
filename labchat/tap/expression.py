"""A small language to choose units by: ``kind == "frame" and json.type == "message"``.

Python's expressions, cut down to names, constants, ``and or not``, comparisons (``in`` too),
``a.b`` and ``a["b"]``. No calls, no arithmetic; nothing is ever evaluated by Python. What is not
there is ``None``; comparing what cannot be compared is false.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from labchat.errors import SettingsError

if TYPE_CHECKING:
    from labchat.tap.faults.actions import Piece

NAMES = ("direction", "kind", "opcode", "path", "length", "text", "json")
"""What an expression may speak of."""

CONSTANTS = {"true": True, "false": False, "null": None}
"""JSON's words, beside Python's."""

LONGEST = 1000
"""Characters an expression may have."""

Part = Callable[[Mapping[str, object]], object]
"""Something that has a value once the names have theirs."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; made by :func:`parse`."""

    text: str
    _part: Part = field(repr=False, compare=False)

    def holds(self, piece: Piece) -> bool:
        """Whether it is true of ``piece``."""
        return bool(self._part(names(piece)))


@lru_cache(maxsize=256)
def parse(text: str) -> Expression:
    """Read an expression. Raises SettingsError, which says where it goes wrong."""
    if len(text) > LONGEST:
        raise SettingsError(f"The expression is longer than {LONGEST} characters.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SettingsError(f"“{text}” is no expression: {error}.") from error
    try:
        return Expression(text, _part(tree))
    except _NotUnderstood as error:
        raise SettingsError(f"“{text}”, {error}.") from error


def names(piece: Piece) -> Mapping[str, object]:
    """The values an expression sees."""
    text = piece.body.decode("utf-8", "replace")
    return {
        "direction": str(piece.direction),
        "kind": piece.kind,
        "opcode": piece.opcode,
        "path": piece.path,
        "length": len(piece.data),
        "text": text,
        "json": _json(text),
    }


class _NotUnderstood(ValueError):
    """Python's grammar knows it, this language does not."""


def _refuse(node: ast.expr, why: str) -> NoReturn:
    raise _NotUnderstood(f"character {node.col_offset + 1}: {why}")


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _part(node: ast.expr) -> Part:
    reader = READERS.get(type(node))
    if reader is None:
        _refuse(node, "only comparisons, and, or, not, in, a.b and a[b] are understood")
    return reader(node)


def _constant(node: ast.Constant) -> Part:
    return lambda known: node.value


def _name(node: ast.Name) -> Part:
    if node.id in CONSTANTS:
        return lambda known: CONSTANTS[node.id]
    if node.id not in NAMES:
        _refuse(node, f"{node.id} is not known; there are {', '.join(NAMES)}")
    return lambda known: known[node.id]


def _attribute(node: ast.Attribute) -> Part:
    whole = _part(node.value)
    return lambda known: _item(whole(known), node.attr)


def _subscript(node: ast.Subscript) -> Part:
    whole, key = _part(node.value), _part(node.slice)
    return lambda known: _item(whole(known), key(known))


def _logic(node: ast.BoolOp) -> Part:
    parts = [_part(value) for value in node.values]
    some = any if isinstance(node.op, ast.Or) else all
    return lambda known: some(part(known) for part in parts)


def _unary(node: ast.UnaryOp) -> Part:
    inner = _part(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda known: not inner(known)
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return lambda known: _compared(operator.sub, 0, inner(known))
    _refuse(node, "the only signs are not, and - before a number")


def _list(node: ast.List | ast.Tuple) -> Part:
    parts = [_part(item) for item in node.elts]
    return lambda known: [part(known) for part in parts]


def _comparison(node: ast.Compare) -> Part:
    parts = [_part(value) for value in (node.left, *node.comparators)]
    signs = [COMPARISONS[type(op)] for op in node.ops]

    def compare(known: Mapping[str, object]) -> object:
        values = [part(known) for part in parts]
        pairs = zip(signs, values, values[1:], strict=False)
        return all(_compared(sign, a, b) for sign, a, b in pairs)

    return compare


def _compared(sign: Callable[[Any, Any], object], a: object, b: object) -> object:
    try:
        return sign(a, b)
    except TypeError:
        return False


def _item(value: object, key: object) -> object:
    if isinstance(value, dict):
        return value.get(key) if isinstance(key, str) else None
    if isinstance(value, list | str) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else None
    return None


def _contains(item: object, whole: Any) -> bool:
    return item in whole


def _lacks(item: object, whole: Any) -> bool:
    return item not in whole


COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.Is: operator.eq,
    ast.NotEq: operator.ne,
    ast.IsNot: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: _contains,
    ast.NotIn: _lacks,
}

READERS: dict[type[ast.expr], Callable[[Any], Part]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BoolOp: _logic,
    ast.UnaryOp: _unary,
    ast.Compare: _comparison,
    ast.List: _list,
    ast.Tuple: _list,
}
