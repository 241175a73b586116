"""matrix_report.py FILE.jsonl: the table of script/bench from its raw lines; --svg: the chart.

A figure is the median of the rounds with the lowest and the highest. A ratio is the median of the
rounds' own ratios, and above 1 where HarrierMQ is better.
"""

import json
import math
import statistics
import sys
from html import escape

from durable_report import AGAIN, HARRIER, NOTHING, V1, Lines, aligned, failures, short, spread
from matrix_workloads import ROWS

RABBIT = V1

def figures(lines, row, label):
    """{round: figure} of a row."""
    found = lines.rounds(row.measured_by or row.name, label, row.figure)
    # Memory that did not grow is memory that could not be measured, not memory for nothing.
    return {r: figure for r, figure in found.items() if figure > 0}


def advantage(lines, row):
    """How many times better than RabbitMQ HarrierMQ is in the median of the rounds; or None."""
    ours, theirs = figures(lines, row, HARRIER), figures(lines, row, RABBIT)
    rate = row.unit == "1/s"
    pairs = [(ours[r], theirs[r]) for r in ours.keys() & theirs.keys() if ours[r] and theirs[r]]
    ratios = [mine / other if rate else other / mine for mine, other in pairs]
    return statistics.median(ratios) if ratios else None


def target(row):
    words = []
    if row.at_most is not None:
        words.append(f"≤ {short(row.at_most)}")
    if row.at_least is not None:
        words.append(f"≥ {short(row.at_least)}")
    if row.against:
        words.append(f"≤ {row.at_most_times} × {row.against.split()[0]}'s first")
    if row.times_rabbit:
        words.append(f"{row.times_rabbit} × RabbitMQ")
    return ", ".join(words)


def verdict(lines, row):
    """met, MISSED, a dash where the run cannot tell, nothing where nothing is asked."""
    judged = []
    ours = list(figures(lines, row, HARRIER).values())
    middle = statistics.median(ours) if ours else None
    if row.at_most is not None:
        judged.append(None if middle is None else middle <= row.at_most)
    if row.at_least is not None:
        judged.append(None if middle is None else middle >= row.at_least)
    if row.against:
        other = lines.median(row.against, HARRIER, row.figure)
        judged.append(None if None in (middle, other) else middle <= row.at_most_times * other)
    if row.times_rabbit:
        times = advantage(lines, row)
        judged.append(None if times is None else times >= row.times_rabbit)
    if False in judged:
        return "MISSED"
    return NOTHING if None in judged else "met" if judged else ""


def noise(lines):
    """The A/A control: how far HarrierMQ is from itself."""
    words = []
    for row in ROWS:
        first, again = figures(lines, row, HARRIER), figures(lines, row, AGAIN)
        ratios = {r: again[r] / first[r] for r in first.keys() & again.keys() if first[r]}
        if row.control and ratios:
            words.append(f"{row.name} {spread(ratios)}")
    return "A/A, HarrierMQ : itself: " + ("; ".join(words) or "not measured")


def measured(lines):
    return [row for row in ROWS if figures(lines, row, HARRIER)]


def table(raw_lines):
    lines = Lines(raw_lines)
    shown = [("workload", "unit", "HarrierMQ", "RabbitMQ", "ratio", "asked", "result"), ("---",) * 7]
    for row in measured(lines):
        shown.append((row.name, row.unit, spread(figures(lines, row, HARRIER)),
                      spread(figures(lines, row, RABBIT)), short(advantage(lines, row)),
                      target(row), verdict(lines, row)))
    return "\n".join(["", *aligned(shown), "", noise(lines), *failures(lines)])


def chart(raw_lines):
    """Bars of how many times better than RabbitMQ, on a logarithmic scale."""
    lines = Lines(raw_lines)
    bars = [(row.name, times) for row in measured(lines)
            if (times := advantage(lines, row)) is not None]
    left, width, step, top = 250, 420, 22, 46
    decades = max([1] + [math.ceil(math.log10(times)) for _, times in bars])
    height = top + step * len(bars) + 12
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="100%" height="{height}" fill="#fff"/>',
           '<text x="8" y="18" font-size="14">Times better than RabbitMQ 3.10 '
           '(same machine, same run)</text>']
    for decade in range(decades + 1):
        x = left + width * decade / decades
        svg.append(f'<path d="M{x:.0f} {top - 8}V{height - 10}" stroke="#ddd"/>'
                   f'<text x="{x:.0f}" y="{top - 12}" text-anchor="middle" fill="#666">'
                   f'{10 ** decade}</text>')
    for number, (name, times) in enumerate(bars):
        y = top + step * number
        length = max(1, width * math.log10(max(times, 1)) / decades)
        svg.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
                   f'<rect x="{left}" y="{y + 2}" width="{length:.0f}" height="{step - 7}" '
                   f'fill="#2a6f97"/><text x="{left + length + 6:.0f}" y="{y + 13}">'
                   f'{escape(short(times))}</text>')
    return "\n".join([*svg, "</svg>", ""])


if __name__ == "__main__":
    words = sys.argv[1:]
    make = chart if "--svg" in words else table
    with open(next(word for word in words if word != "--svg"), encoding="utf-8") as file:
        print(make([json.loads(line) for line in file]))
