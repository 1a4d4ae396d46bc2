"""The style sheets of all widgets are one: a class has its rule in one file."""

from __future__ import annotations

import re
from collections import defaultdict

from labchat.widgets.assets import ROOT

RULE = re.compile(r"^(?:\.lc )?(\.lc-[a-z-]+) \{", re.MULTILINE)


def test_no_two_files_rule_one_class():
    homes = defaultdict(set)
    for sheet in ROOT.rglob("*.css"):
        for name in RULE.findall(sheet.read_text()):
            homes[name].add(sheet.name)
    assert len(homes) > 50
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
