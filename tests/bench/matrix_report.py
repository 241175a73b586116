"""matrix_report.py FILE.jsonl: the table of script/bench from its raw lines; --svg: the chart.

A figure is the median of the rounds with the lowest and the highest. A ratio is the median of the
rounds' own ratios, and above 1 where HarrierMQ is better.

What is asked of a cost is absolute, and a throttled machine misses it whatever the broker does. So
there is a second judgement: RabbitMQ's cost on a machine at full speed, divided by what is asked, is
how many times better than RabbitMQ we have to be on any machine. "met by ratio" is what misses the
absolute target and is so many times better in the same run.
"""

import json
import math
import sys
from html import escape

from durable_report import (AGAIN, HARRIER, NOTHING, V1, Lines, aligned, failures, median, quotients,
                            short, spread)
from matrix_workloads import ROWS

RABBIT = V1
RATE = "1/s"


def figures(lines, row, label):
    """{round: figure} of a row."""
    found = lines.rounds(row.measured_by or row.name, label, row.figure)
    # Memory that did not grow is memory that could not be measured, not memory for nothing.
    return {r: figure for r, figure in found.items() if figure > 0}


def advantage(lines, row):
    """How many times better than RabbitMQ HarrierMQ is in the median of the rounds; or None."""
    ours, theirs = figures(lines, row, HARRIER), figures(lines, row, RABBIT)
    return median(quotients(ours, theirs) if row.unit == RATE else quotients(theirs, ours))


def row_called(name):
    return next((row for row in ROWS if row.name == name), None)


def asked_ratio(row):
    """How many times better than RabbitMQ is asked for, by its figure at full speed; or None."""
    at_most = row.at_most
    other = row_called(row.against)
    if at_most is None and other is not None and other.at_most is not None:
        at_most = other.at_most * row.against_times
    return None if None in (at_most, row.quiet_rabbit) else row.quiet_rabbit / at_most


def target(row):
    words = []
    if row.at_most is not None:
        words.append(f"≤ {short(row.at_most)}" + (" in the best round" if row.best_round else ""))
    if row.at_least is not None:
        words.append(f"≥ {short(row.at_least)}")
    if row.against:
        words.append(f"{'≥' if row.unit == RATE else '≤'} {row.against_times} × {row.against}")
    if row.times_rabbit:
        words.append(f"{row.times_rabbit} × RabbitMQ")
    return ", ".join(words)


def absolute_conditions(lines, row):
    """Whether each is met; None where the run cannot tell."""
    ours = figures(lines, row, HARRIER)
    figure = min(ours.values()) if ours and row.best_round else median(ours)
    if row.at_most is not None:
        yield None if figure is None else figure <= row.at_most
    if row.at_least is not None:
        yield None if figure is None else figure >= row.at_least


def relative_conditions(lines, row):
    if row.against:
        other = lines.rounds(row.against, HARRIER, row.figure)
        times = median(quotients(figures(lines, row, HARRIER), other))
        met = times is not None and (times >= row.against_times if row.unit == RATE
                                     else times <= row.against_times)
        yield None if times is None else met
    if row.times_rabbit:
        times = advantage(lines, row)
        yield None if times is None else times >= row.times_rabbit


def is_excused(lines, row):
    """Of what a faster machine makes faster: memory weighs the same on any."""
    asked, times = asked_ratio(row), advantage(lines, row)
    return row.unit != "B" and None not in (asked, times) and times >= asked


def verdict(lines, row):
    """met, met by ratio, MISSED, a dash where the run cannot tell, nothing where nothing is asked."""
    absolute, relative = list(absolute_conditions(lines, row)), list(relative_conditions(lines, row))
    if False in relative or (False in absolute and not is_excused(lines, row)):
        return "MISSED"
    if None in absolute + relative:
        return NOTHING
    if False in absolute:
        return "met by ratio"
    return "met" if absolute + relative else ""


def noise(lines):
    """The A/A control: how far HarrierMQ is from itself."""
    words = []
    for row in ROWS:
        first, again = figures(lines, row, HARRIER), figures(lines, row, AGAIN)
        ratios = quotients(again, first)
        if row.control and ratios:
            words.append(f"{row.name} {spread(ratios)}")
    return "A/A, HarrierMQ : itself: " + ("; ".join(words) or "not measured")


def measured(lines):
    return [row for row in ROWS if figures(lines, row, HARRIER)]


def table(raw_lines):
    lines = Lines(raw_lines)
    shown = [("workload", "unit", "HarrierMQ", "RabbitMQ", "ratio", "asked", "asked ratio", "result"),
             ("---",) * 8]
    for row in measured(lines):
        shown.append((row.name, row.unit, spread(figures(lines, row, HARRIER)),
                      spread(figures(lines, row, RABBIT)), short(advantage(lines, row)),
                      target(row), short(ratio) if (ratio := asked_ratio(row)) else "",
                      verdict(lines, row)))
    return "\n".join(["", *aligned(shown), "", noise(lines), *failures(lines)])


def chart(raw_lines):
    """Bars of how many times better than RabbitMQ, on a logarithmic scale."""
    lines = Lines(raw_lines)
    bars = [(row.name, times) for row in measured(lines)
            if (times := advantage(lines, row)) is not None]
    left, width, step, top = 300, 420, 22, 46
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
