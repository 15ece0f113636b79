"""Write docs/schemas/ from the models of conf and from the checks themselves."""

import sys
from pathlib import Path

from sparkjobs.registry import collect
from sparkjobs.schemas import schemas

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "schemas"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind, text in schemas(collect((), ROOT).checks).items():
        (FOLDER / f"{kind}.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{FOLDER.relative_to(ROOT)} written\n")
