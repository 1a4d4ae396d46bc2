"""Put the learner's own copy of the tutorials in place: ``tutorials.py FOLDER``.

Prints the folder with labchat's JupyterLab settings, which the caller puts on Jupyter's path.
"""

from __future__ import annotations

import sys
from pathlib import Path

import labchat
from labchat.cli.lab import CONFIG
from labchat.cli.tutorials import copy_tutorials

package = Path(labchat.__file__).parent
packaged = [package / "notebooks", package.parent / "notebooks"]  # installed; in a checkout
kept = copy_tutorials(next(filter(Path.is_dir, packaged)), Path(sys.argv[1]))
for name in kept:
    print(f"labchat: kept your {name}", file=sys.stderr)
print(CONFIG)
