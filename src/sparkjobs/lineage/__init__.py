"""Lineage: which tables and columns each table is made of.

Here: finding that, in the graph, in Spark's plans and in SQL; following a column.
Not here: drawing pages (docs, report).
"""

from sparkjobs.lineage.model import Column, Lineage, Node, Origin, Table

__all__ = ["Column", "Lineage", "Node", "Origin", "Table"]
