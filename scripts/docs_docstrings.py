"""A griffe extension: docstrings, written to be read in a terminal, as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from griffe import Extension

if TYPE_CHECKING:
    from griffe import Object

DOCTEST = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)
SKIPPED = re.compile(r"\s*# doctest: \+SKIP")
ROLE = re.compile(r":(?:class|func|meth|mod|data):`([^`]+)`")
LITERAL = re.compile(r"(?<=(\S))::$|^::$", re.MULTILINE)


def as_markdown(docstring: str) -> str:
    """Examples in fences, references as code, and no double colon before what is indented.

    >>> as_markdown("See :class:`Frame`::")
    'See `Frame`:'
    """
    text = ROLE.sub(r"`\1`", docstring)
    text = LITERAL.sub(lambda found: ":" if found[1] else "", text)
    return DOCTEST.sub(lambda found: f"```pycon\n{SKIPPED.sub('', found[0])}\n```", text)


class Docstrings(Extension):
    """Applies it to every object as it is loaded."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        """Called by griffe once for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
