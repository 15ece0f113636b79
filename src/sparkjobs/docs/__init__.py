"""The documentation of a project: one HTML page for people, of its conf, its code and what its runs recorded.

Here: what is told of each source, view and job, the drawing of their graph, the page and its style.
Not here: which tables are made of which (lineage), one run (report), deciding anything (plan).
"""

from sparkjobs.docs.gather import gathered
from sparkjobs.docs.model import Site
from sparkjobs.docs.page import page, written

__all__ = ["Site", "gathered", "page", "written"]
