"""SheetJS, with which today's service reads files in the browser: the peer of our previews."""

import shutil
import subprocess
from pathlib import Path
from statistics import median

_FOLDER = Path(__file__).resolve().parent / "sheetjs"


def read_milliseconds(workbook: Path) -> float | None:
    """The median time it takes only to read `workbook`, warm; None on a machine without node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    if not (_FOLDER / "node_modules").exists():
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=_FOLDER, check=True, stdout=subprocess.DEVNULL)
    command = [node, "read.cjs", str(workbook)]
    said = subprocess.run(command, cwd=_FOLDER, check=True, capture_output=True, text=True).stdout
    return median(float(line.split()[0]) for line in said.splitlines()[1:])
