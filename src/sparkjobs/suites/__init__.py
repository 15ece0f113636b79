"""Suites of other tools as checks of ours: what has an equal is said in our words, the rest is named.

Here: reading their files, a table of names per tool, the YAML that is pasted into the conf of a job.
Not here: what a check means (checks), whether the conf of a job holds together (config, plan).
"""

from sparkjobs.suites.tools import TOOLS, Tool
from sparkjobs.suites.writing import Written, written

__all__ = ["TOOLS", "Tool", "Written", "written"]
