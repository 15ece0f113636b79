"""Planning: conf, jobs, tables and a request become a frozen RunPlan. No Spark is started.

Here: the graph, selectors, file lists, why each job runs; `explain` tells a plan.
Not here: doing any of it (run).
"""

from sparkjobs.plan.build import build
from sparkjobs.plan.checks import PlannedCheck
from sparkjobs.plan.explain import as_json, as_text
from sparkjobs.plan.graph import Graph, graph_of
from sparkjobs.plan.model import (
    File,
    FileGroup,
    JobPlan,
    Key,
    Logic,
    PlannedInput,
    RunPlan,
    SourceInput,
    TableInput,
    Window,
)
from sparkjobs.plan.parts import Added, Batch, Part, Replayed, Since, Within
from sparkjobs.plan.request import Earlier, Pins, Request
from sparkjobs.plan.scans import Scans
from sparkjobs.plan.select import misfits_of_selectors, selected

__all__ = [
    "Added",
    "Batch",
    "Earlier",
    "File",
    "FileGroup",
    "Graph",
    "JobPlan",
    "Key",
    "Logic",
    "Part",
    "Pins",
    "PlannedCheck",
    "PlannedInput",
    "Replayed",
    "Request",
    "RunPlan",
    "Scans",
    "Since",
    "SourceInput",
    "TableInput",
    "Window",
    "Within",
    "as_json",
    "as_text",
    "build",
    "graph_of",
    "misfits_of_selectors",
    "selected",
]
