"""What it costs, as a picture: `python -m bench.picture TAX.json [SCALE.json] --to docs/img/cost.svg`.

Left, what each case costs of the same by hand, from the figures of bench.tax; right, how that grows with the
rows, from those of bench.growth. The ending of the file that is written says in which format.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bench.parts.scale import Line, Point, lines
from bench.rounds import CASES
from bench.submit import ROOT

AIM = 1.05
ACCENT, GREY, INK = "#0b6e8f", "#8a8f94", "#24292f"
APART = 0.07
"""Of the height of a panel: so far apart are labels, at least."""
LOOK = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.size": 9,
    "svg.hashsalt": "sparkjobs",  # the same figures make the same file
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def main() -> None:
    """Draw it."""
    asked = _arguments()
    tax = json.loads(asked.tax.read_text(encoding="utf-8"))
    grown = json.loads(asked.scale.read_text(encoding="utf-8")) if asked.scale else []
    asked.to.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(LOOK):
        picture = drawn(tax, lines([Point(**one) for one in grown]))
        undated = {"Date": None} if asked.to.suffix == ".svg" else {}
        picture.savefig(asked.to, dpi=150, facecolor="white", metadata=undated)
    print(asked.to)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tax", type=Path, help="target/bench/cases/tax-sf….json")
    parser.add_argument("scale", type=Path, nargs="?", help="target/bench/growth/scale.json")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "img" / "cost.svg")
    return parser.parse_args()


def drawn(tax: Mapping[str, Any], grown: Sequence[Line]) -> Figure:
    """Both panels, or the first one alone where nothing has grown."""
    figure = Figure(
        figsize=(12 if grown else 7.5, 4.4), layout=ConstrainedLayoutEngine(w_pad=0.1, wspace=0.04)
    )
    panels = figure.subplots(1, 2 if grown else 1, squeeze=False)[0]
    _ratios(panels[0], tax)
    if grown:
        _growth(panels[1], grown)
    return figure


def _ratios(panel: Axes, tax: Mapping[str, Any]) -> None:
    titles = {one.name: one.title.replace("; by hand", ";\nby hand") for one in CASES if one.name in tax}
    beside = panel.get_yaxis_transform()
    for place, name in enumerate(titles):
        ratios = [one["sparkjobs"]["cpu_s"] / one["by_hand"]["cpu_s"] for one in tax[name]]
        middle = median(ratios)
        panel.hlines(place, min(ratios), max(ratios), color=ACCENT, linewidth=5, alpha=0.35)
        panel.plot(middle, place, "o", color=ACCENT)
        panel.annotate(
            f"{middle:.2f}", (1.01, place), xycoords=beside, va="center", color=ACCENT, weight="bold"
        )
    panel.axvline(1, color=GREY, linewidth=1)
    panel.axvline(AIM, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    above = panel.get_xaxis_transform()
    panel.text(0.99, 1, "by hand", color=GREY, ha="right", va="top", transform=above)
    panel.text(AIM + 0.01, 1, f"the aim, {AIM}", va="top", transform=above)
    panel.set_yticks(range(len(titles)), list(titles.values()))
    panel.set_ylim(len(titles) - 0.4, -1.2)  # the first case on top, below the names of the lines
    panel.tick_params(axis="y", length=0)
    panel.set_xlim(0, None)
    panel.set_xlabel("CPU of sparkjobs, by hand being 1: median, least and greatest")
    panel.set_title("A run beside the same by hand")


def _growth(panel: Axes, grown: Sequence[Line]) -> None:
    for line in grown:
        ours = line.side == "sparkjobs"
        shown = {scale: cpu for scale, cpu in line.beyond_s.items() if cpu > 0}
        color, look = (ACCENT, "o-") if ours else (GREY, "s--")
        panel.plot(list(shown), list(shown.values()), look, color=color, markersize=4, linewidth=1.5)
    panel.set(
        xscale="log", yscale="log", xlabel="TPC-H scale factor", ylabel="CPU seconds beyond an idle run"
    )
    scales = sorted({scale for line in grown for scale in line.cpu_s})
    panel.set_xticks(scales, [f"{scale:g}" for scale in scales])
    panel.yaxis.set_major_formatter("{x:g}")
    panel.minorticks_off()
    _name_lines(panel, [line for line in grown if line.side == "sparkjobs"])
    panel.plot([], [], "o-", color=ACCENT, markersize=4, label="sparkjobs")
    panel.plot([], [], "s--", color=GREY, markersize=4, label="by hand")
    panel.legend(frameon=False, loc="upper left")
    panel.set_title("As the rows grow")


def _name_lines(panel: Axes, ours: Sequence[Line]) -> None:
    """The case and the exponent of each line behind its end, in the order of the ends, none upon another."""
    ends = sorted(
        (line for line in ours if line.exponent is not None), key=lambda line: -line.beyond_s[max(line.cpu_s)]
    )
    for place, line in enumerate(ends):
        panel.annotate(
            f"{line.case}, exponent {line.exponent:.2f}",
            (1.02, 0.97 - place * APART),
            xycoords="axes fraction",
            color=ACCENT,
            va="center",
        )


if __name__ == "__main__":
    main()
