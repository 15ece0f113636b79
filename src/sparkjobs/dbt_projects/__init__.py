"""A dbt project as a project of ours: what can be said here comes along, all else is told with its place.

Here: reading their files, what each thing is here, the files of the new project.
Not here: what checks mean (suites, checks), whether the new conf holds together (config, plan).
"""

from sparkjobs.dbt_projects.files import PROJECT
from sparkjobs.dbt_projects.model import Remark
from sparkjobs.dbt_projects.settings import name_of
from sparkjobs.dbt_projects.taking import Taken, taken_over
from sparkjobs.dbt_projects.telling import TOLD, hands, summary
from sparkjobs.dbt_projects.writing import write

__all__ = ["PROJECT", "TOLD", "Remark", "Taken", "hands", "name_of", "summary", "taken_over", "write"]
