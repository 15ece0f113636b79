"""Where tables stand in a drawing."""

import time
from itertools import pairwise

from sparkjobs.lineage import Node
from sparkjobs.lineage.layout import laid_out


def job(name: str) -> Node:
    return Node("job", name)


def test_every_table_stands_right_of_what_it_reads() -> None:
    a, b, c, d = map(job, "abcd")

    layout = laid_out((a, b, c, d), ((a, b), (b, c), (a, c), (c, d)))

    assert {one.node.name: one.layer for one in layout.spots} == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert layout.layers == 4


def test_what_reads_nothing_stands_beside_its_first_reader() -> None:
    a, b, c, late = job("a"), job("b"), job("c"), Node("source", "late")

    layout = laid_out((a, late, b, c), ((a, b), (b, c), (late, c)))

    assert {one.node.name: one.layer for one in layout.spots} == {"a": 0, "b": 1, "late": 1, "c": 2}


def test_a_chain_is_a_straight_line_and_an_edge_passes_beside_it() -> None:
    a, b, c = map(job, "abc")

    layout = laid_out((a, b, c), ((a, b), (b, c), (a, c)))

    rows = {one.node.name: one.row for one in layout.spots}
    around = next(one for one in layout.routes if (one.start, one.end) == (a, c))
    assert len(around.points) == 3
    assert abs(around.points[1][1] - rows["b"]) >= 0.5


def test_edges_do_not_cross_where_they_need_not() -> None:
    left, right = [job(f"l{n}") for n in range(6)], [job(f"r{n}") for n in range(6)]
    edges = [(left[n], right[5 - n]) for n in range(6)]

    layout = laid_out((*left, *right), edges)

    rows = {one.node: one.row for one in layout.spots}
    assert sorted(left, key=rows.__getitem__) == [
        left[5 - int(one.name[1])] for one in sorted(right, key=rows.__getitem__)
    ]
    assert all(rows[one] == rows[other] for one, other in edges)


def test_three_hundred_tables_are_apart_and_soon_laid_out() -> None:
    nodes = [job(f"job_{n}") for n in range(300)]
    edges = [(nodes[(n * 7 + k * 11) % n], nodes[n]) for n in range(1, 300) for k in range(3)]

    started = time.perf_counter()
    layout = laid_out(nodes, edges)
    took = time.perf_counter() - started

    for layer in range(layout.layers):
        rows = sorted(one.row for one in layout.spots if one.layer == layer)
        assert all(other - one > 0.999 for one, other in pairwise(rows))
    assert min(one.row for one in layout.spots) >= 0
    assert max(one.row for one in layout.spots) <= layout.rows - 0.999
    assert took < 5
    assert layout == laid_out(nodes, edges)


def test_nothing_is_laid_out_as_nothing() -> None:
    assert laid_out((), ()).spots == ()
