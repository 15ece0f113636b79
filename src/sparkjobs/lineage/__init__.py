"""Lineage: which tables and columns each table is made of.

Here: finding that, in the graph, in Spark's plans and in SQL; following a column;
saying it in words, pictures and events.
Not here: printing it (cli).
"""

from sparkjobs.lineage.follow import Place, Reached, follow, nodes_from
from sparkjobs.lineage.model import Column, Lineage, Node, Origin, Table
from sparkjobs.lineage.tables import tables_of

__all__ = [
    "Column",
    "Lineage",
    "Node",
    "Origin",
    "Place",
    "Reached",
    "Table",
    "follow",
    "nodes_from",
    "tables_of",
]
