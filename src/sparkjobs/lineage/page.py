"""Lineage as a page: one file that loads nothing, with the picture and a table of columns for each table."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from sparkjobs.lineage.drawing import anchor, drawn
from sparkjobs.lineage.model import Lineage
from sparkjobs.lineage.picture import Picture


def page(title: str, lineage: Lineage, picture: Picture) -> str:
    """The page that shows `picture` and tells of `lineage`."""
    here = files("sparkjobs")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    styles = (here.joinpath(folder, "page.css").read_text("utf-8") for folder in ("report", "lineage"))
    environment.globals |= {"anchor": anchor, "style": Markup("\n".join(styles))}  # noqa: S704 (files of ours)
    template = environment.from_string(here.joinpath("lineage", "page.html").read_text("utf-8"))
    return template.render(title=title, tables=lineage.tables, picture=drawn(picture))
