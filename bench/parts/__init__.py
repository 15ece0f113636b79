"""The parts of bench/growth.py: each measures one way in which work can grow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.submit import OUT

GROWTH = OUT / "growth"
DATA = OUT.parent / "bench-data" / "growth"
PROJECT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Told:
    """What a part has found: its figures, and their table."""

    figures: tuple[dict[str, Any], ...]
    table: str
