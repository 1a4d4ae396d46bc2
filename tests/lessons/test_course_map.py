"""The course leaves nothing of the text out, and says truly where it is."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from labchat.lessons import lesson
from labchat.lessons.lesson import MODULES

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks" / "instructor").glob("*.ipynb"))
THE_TEXT = (
    "Table of Contents",
    "WebSocket - Detailed Explanation",
    "What is WebSocket?",
    "WebSocket Connection Lifecycle",
    "WebSocket in Your Code",
    "Step-by-step what happens",
    "WebSocket Event Handlers",
    "WebSocket Data Format",
    "WebSocket Frame Format (Binary)",
    "HTTP/REST - Detailed Explanation",
    "What is HTTP/REST?",
    "HTTP Request-Response Cycle",
    "HTTP in Your Code",
    "Server handles HTTP POST request",
    "HTTP Request Anatomy",
    "HTTP Response Anatomy",
    "Real Message Flow Example",
    'Scenario: User A sends "Hello" to User B',
    "Code Walkthrough: Step by Step",
    "Complete Message Send Sequence",
    "USER A sends message",
    "SERVER receives via WebSocket",
    "USER B receives via WebSocket",
    "SERVER receives via HTTP",
    "Performance Comparison",
    "Message Delivery Timeline",
    "Bandwidth Usage Over Time",
    "Error Handling",
    "WebSocket Error Scenarios",
    "Scenario 1: Connection Drops",
    "Scenario 2: Network Error",
    "Scenario 3: Browser offline",
    "HTTP Error Handling",
    "Scenario: Server error",
    "Security Considerations",
    "WebSocket Security",
    "HTTP Security",
    "Summary Table",
    "Key Takeaways",
)
"""Each heading of the text, in its order, with the figures, scenarios and code under it."""
ROWS = re.findall(
    r"^\| (.+?) \| \w+ \| `(\w+)` \| `([\w-]+)` \| .+ \|$",
    (ROOT / "docs" / "course.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
LINK = re.compile(r"\]\(([^)#:]+\.ipynb)\)")


def cells(notebook: Path) -> dict[str, str]:
    return {cell.id: cell.source for cell in nbformat.read(notebook, as_version=4).cells}


def test_everything_in_the_text_has_its_place() -> None:
    mapped = [row[0] for row in ROWS]
    assert [each for each in THE_TEXT if each not in mapped] == []


@pytest.mark.parametrize(("part", "notebook", "cell"), ROWS)
def test_the_place_is_there(part: str, notebook: str, cell: str) -> None:
    assert cell in cells(ROOT / "notebooks" / f"{notebook}.ipynb"), part


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, *SOLUTIONS], ids=lambda path: path.stem)
def test_links_to_other_notebooks_lead_there(notebook: Path) -> None:
    targets = LINK.findall("\n".join(cells(notebook).values()))
    assert [each for each in targets if not (notebook.parent / each).exists()] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS[:-1], ids=lambda path: path.stem)
def test_each_notebook_leads_to_the_next(notebook: Path) -> None:
    last = list(cells(notebook).values())[-1]
    following = NOTEBOOKS[NOTEBOOKS.index(notebook) + 1].name
    assert re.search(rf"^Next: \[[^]]+\]\({following}\)", last, re.MULTILINE)


@pytest.mark.parametrize("number", MODULES)
def test_every_question_and_check_is_put_in_its_notebook(number: str) -> None:
    notebook = next(each for each in NOTEBOOKS if each.name.startswith(number))
    source = "\n".join(cells(notebook).values())
    asked = set(re.findall(r'\.ask\("([\w-]+)"', source))
    checked = set(re.findall(r'\.check\("([\w-]+)"', source))
    course = lesson(number)
    assert asked == set(course.questions)
    assert checked == set(course.checks) or ".check(key" in source


@pytest.mark.parametrize("number", MODULES)
def test_every_check_has_its_solution(number: str) -> None:
    solution = next((each for each in SOLUTIONS if each.name.startswith(number)), None)
    assert solution is not None
    solved = set(
        re.findall(r'\.check\("([\w-]+)", \w+\)\.must\(\)', "\n".join(cells(solution).values()))
    )
    assert solved == set(lesson(number).checks)
