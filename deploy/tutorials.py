"""Put the learner's own copy of the tutorials in place: ``tutorials.py FOLDER``.

The instructor's notebooks, with the solutions, stay out of it. Prints the folder with labchat's
JupyterLab settings, which the caller puts on Jupyter's path.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import labchat
from labchat.cli.lab import CONFIG
from labchat.cli.tutorials import copy_tutorials

package = Path(labchat.__file__).parent
packaged = [package / "notebooks", package.parent / "notebooks"]  # installed; in a checkout
with tempfile.TemporaryDirectory() as folder:
    learners = Path(folder, "notebooks")
    apart = shutil.ignore_patterns("instructor")
    shutil.copytree(next(filter(Path.is_dir, packaged)), learners, ignore=apart)
    kept = copy_tutorials(learners, Path(sys.argv[1]))
for name in kept:
    print(f"labchat: kept your {name}", file=sys.stderr)
print(CONFIG)
