"""What sparkjobs costs beside scripts in plain PySpark: `python -m bench.tax --scale 1 --rounds 5`.

In a round each case runs once by each side, in processes of their own, one right after the other; who
begins changes from round to round. A round counts only if all have written the same rows.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median

from bench.cases.landing import generated, landing_of
from bench.measure import adopt_orphans
from bench.rounds import CASES, PLACE, Case, Round, Terms, prepare, run_round
from bench.sides import PEERS, SIDES
from bench.submit import ROOT
from bench.tables import markdown


def main() -> None:
    """Measure, and print the tables."""
    asked = _arguments()
    chosen = [case for case in CASES if case.name in asked.cases]
    terms = Terms(tuple(asked.peers))
    adopt_orphans()
    data = generated(ROOT / "target" / "bench-data" / f"cases-sf{asked.scale:g}", asked.scale)
    rounds: dict[str, list[Round]] = {case.name: [] for case in chosen}
    for case in chosen:
        prepare(case, landing_of(case.name, data), terms)
    for number in range(asked.rounds):
        for case in chosen:
            costs = run_round(case, landing_of(case.name, data), terms, number)
            rounds[case.name].append(costs)
            print(f"round {number + 1}: {case.name}: {ratio(costs):.2f}", file=sys.stderr, flush=True)
    name = f"tax-sf{asked.scale:g}"
    told = {
        name: [{side: asdict(cost) for side, cost in one.items()} for one in own]
        for name, own in rounds.items()
    }
    tables = "\n".join(filter(None, (table(chosen, rounds, terms), beside(chosen, rounds, terms))))
    (PLACE / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (PLACE / f"{name}.md").write_text(tables, encoding="utf-8")
    print(tables, end="")


def _arguments() -> argparse.Namespace:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="TPC-H's scale factor")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="+", choices=names, default=names)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    return parser.parse_args()


def table(chosen: Sequence[Case], rounds: Mapping[str, Sequence[Round]], terms: Terms) -> str:
    """One line for each case. Ratios are taken inside a round, then their median."""
    head = "CPU seconds (wall seconds)", "by hand", "sparkjobs", "of by hand"
    keeps = "keeping" in terms.peers
    return markdown(
        (*head, *["of by hand, no line lost"] * keeps),
        (
            (
                case.title,
                *(_median(rounds[case.name], side) for side in ("by_hand", "sparkjobs")),
                _spread(rounds[case.name], "by_hand"),
                *[_spread(rounds[case.name], "keeping")] * keeps,
            )
            for case in chosen
        ),
    )


def beside(chosen: Sequence[Case], rounds: Mapping[str, Sequence[Round]], terms: Terms) -> str:
    """One line for everybody who did a case that a peer does."""
    cases = [case for case in chosen if any(case.name in SIDES[peer].cases for peer in terms.peers)]
    if not cases:
        return ""
    lines = (
        (SIDES[side].title, *(_median(rounds[case.name], side) for case in cases))
        for side in ("by_hand", "sparkjobs", *terms.peers)
    )
    return markdown(("CPU seconds (wall seconds)", *(case.title for case in cases)), lines)


def ratio(costs: Round, by: str = "by_hand") -> float:
    """CPU of sparkjobs, that of the side `by` being 1."""
    return costs["sparkjobs"].cpu_s / costs[by].cpu_s


def _median(rounds: Sequence[Round], side: str) -> str:
    costs = [one[side] for one in rounds if side in one]
    if not costs:
        return ""
    return f"{median(one.cpu_s for one in costs):.1f} ({median(one.wall_s for one in costs):.1f})"


def _spread(rounds: Sequence[Round], by: str) -> str:
    values = [ratio(one, by) for one in rounds if by in one]
    if not values:
        return ""
    low, middle, high = (f"{value:.2f}" for value in (min(values), median(values), max(values)))
    return f"**{middle}** ({low} to {high})"


if __name__ == "__main__":
    main()
