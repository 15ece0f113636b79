"""Reading: a planned input becomes a frame of exactly the files or the version the plan pinned.

Here: one module per kind of source.
Not here: whether a row is good (quality), which files to take (plan).
"""

from sparkjobs.read.incoming import Incoming, Sound
from sparkjobs.read.source import read_source
from sparkjobs.read.tables import read_table

__all__ = ["Incoming", "Sound", "read_source", "read_table"]
