"""SQL files: what each asks for, and the text that Spark gets.

Here: finding the files, looking into their SQL, where each line came from.
Not here: which jobs, sources and values their names mean (config), asking Spark (query).
"""

from sparkjobs.sql_models.find import files_below
from sparkjobs.sql_models.model import (
    THIS,
    Argument,
    FlawError,
    Looked,
    Model,
    Place,
    Sql,
    View,
    as_written,
    is_template,
)

__all__ = [
    "THIS",
    "Argument",
    "FlawError",
    "Looked",
    "Model",
    "Place",
    "Sql",
    "View",
    "as_written",
    "files_below",
    "is_template",
]
