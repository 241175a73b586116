"""matrix_report: what it makes of lines whose answer is known."""

import unittest
from xml.etree import ElementTree

import matrix_report
from durable_report import NOTHING, Lines
from matrix_workloads import CONFIGURATION, CPU, ROWS, WORKLOADS, Row

NAME = "W1 16 B, no ack"


def line(part, label, round_number=1, **figures):
    return dict(figures, part=part, label=label, round=round_number)


def pair(ours, theirs, row):
    return Lines([line(row.name, matrix_report.HARRIER, **{row.figure: ours}),
                  line(row.name, matrix_report.RABBIT, **{row.figure: theirs})])


class Verdict(unittest.TestCase):
    def test_at_most_includes_the_target_itself(self):
        row = Row("W1", NAME, {}, at_most=0.25)
        self.assertEqual(matrix_report.verdict(pair(0.25, 10, row), row), "met")
        self.assertEqual(matrix_report.verdict(pair(0.26, 10, row), row), "MISSED")

    def test_at_least(self):
        row = Row("W7", NAME, {}, figure="binds_per_s", unit="1/s", at_least=50_000)
        self.assertEqual(matrix_report.verdict(pair(50_000, 1, row), row), "met")
        self.assertEqual(matrix_report.verdict(pair(49_999, 1, row), row), "MISSED")

    def test_one_missed_condition_misses_the_row(self):
        row = Row("W1", NAME, {}, at_most=0.25, times_rabbit=40)
        self.assertEqual(matrix_report.verdict(pair(0.2, 7, row), row), "MISSED")
        self.assertEqual(matrix_report.verdict(pair(0.2, 8, row), row), "met")

    def test_without_rabbitmq_a_ratio_is_not_met(self):
        row = Row("W1", NAME, {}, at_most=0.25, times_rabbit=40)
        lines = Lines([line(NAME, matrix_report.HARRIER, **{CPU: 0.2})])
        self.assertEqual(matrix_report.verdict(lines, row), NOTHING)

    def test_memory_that_did_not_grow_was_not_measured(self):
        row = Row("W9", NAME, {}, figure="rss_bytes_per_connection", unit="B", at_most=4096)
        self.assertEqual(matrix_report.verdict(pair(0, 1, row), row), NOTHING)

    def test_against_another_row(self):
        other = Row("W1", "W1 other", {})
        row = Row("W11", NAME, {}, against=other.name, against_times=1.2)
        lines = [line(other.name, matrix_report.HARRIER, **{CPU: 1.0})]
        for ours, expected in ((1.2, "met"), (1.21, "MISSED")):
            judged = Lines([*lines, line(NAME, matrix_report.HARRIER, **{CPU: ours})])
            self.assertEqual(matrix_report.verdict(judged, row), expected)

    def test_a_rate_against_another_row_is_at_least_so_many_times_it(self):
        rate = {"figure": "consumed_per_s", "unit": "1/s"}
        row = Row("loops", NAME, {}, against="loops: 1", against_times=0.9, **rate)
        for ours, expected in ((90, "met"), (89, "MISSED"), (200, "met")):
            judged = Lines([line("loops: 1", matrix_report.HARRIER, consumed_per_s=100),
                            line(NAME, matrix_report.HARRIER, consumed_per_s=ours)])
            self.assertEqual(matrix_report.verdict(judged, row), expected)

    def test_against_another_row_compares_within_each_round(self):
        # The machine was three times slower in the second round, and in the third while one of
        # them ran; the medians of each are 1 and 3.
        row = Row("W11", NAME, {}, against="other", against_times=1.2)
        lines = Lines([line(part, matrix_report.HARRIER, number, **{CPU: cost})
                       for part, costs in (("other", (1, 3, 1)), (NAME, (1, 3, 3)))
                       for number, cost in enumerate(costs, 1)])
        self.assertEqual(matrix_report.verdict(lines, row), "met")

    def test_the_best_round_decides_where_the_row_says_so(self):
        lines = Lines([line(NAME, matrix_report.HARRIER, number, **{CPU: figure})
                       for number, figure in ((1, 9000), (2, 1999), (3, 8000))])
        for best_round, expected in ((True, "met"), (False, "MISSED")):
            row = Row("W11", NAME, {}, at_most=2000, best_round=best_round)
            self.assertEqual(matrix_report.verdict(lines, row), expected)

    def test_nothing_asked_nothing_said(self):
        row = Row("W7", NAME, {})
        self.assertEqual(matrix_report.verdict(pair(1, 1, row), row), "")


class ByRatio(unittest.TestCase):
    ROW = Row("W1", NAME, {}, at_most=0.25, quiet_rabbit=10)

    def test_an_absolute_miss_is_met_when_the_ratio_is_reached(self):
        self.assertEqual(matrix_report.verdict(pair(0.5, 20, self.ROW), self.ROW), "met by ratio")
        self.assertEqual(matrix_report.verdict(pair(0.5, 19.9, self.ROW), self.ROW), "MISSED")

    def test_what_meets_the_absolute_target_needs_no_ratio(self):
        self.assertEqual(matrix_report.verdict(pair(0.25, 1, self.ROW), self.ROW), "met")

    def test_without_rabbitmq_an_absolute_miss_stays_one(self):
        lines = Lines([line(NAME, matrix_report.HARRIER, **{CPU: 0.5})])
        self.assertEqual(matrix_report.verdict(lines, self.ROW), "MISSED")

    def test_without_a_figure_at_full_speed_it_stays_one(self):
        row = Row("W1", NAME, {}, at_most=0.25)
        self.assertEqual(matrix_report.verdict(pair(0.5, 2000, row), row), "MISSED")

    def test_a_relative_target_is_not_excused(self):
        row = Row("W1", NAME, {}, at_most=0.25, quiet_rabbit=10, times_rabbit=50)
        self.assertEqual(matrix_report.verdict(pair(0.5, 20, row), row), "MISSED")
        row = Row("W11", NAME, {}, against="other", against_times=1.2, quiet_rabbit=10)
        lines = [line("other", matrix_report.HARRIER, **{CPU: 0.1}), *pair(0.5, 2000, row).lines]
        self.assertEqual(matrix_report.verdict(Lines(lines), row), "MISSED")

    def test_memory_does_not_depend_on_the_machines_speed(self):
        row = Row("W9", NAME, {}, figure="rss", unit="B", at_most=10, quiet_rabbit=100)
        self.assertEqual(matrix_report.verdict(pair(20, 2000, row), row), "MISSED")

    def test_the_ratio_asked_of_a_row_that_is_compared_with_another_row(self):
        row = next(row for row in ROWS if row.against and row.quiet_rabbit)
        other = next(other for other in ROWS if other.name == row.against)
        self.assertAlmostEqual(matrix_report.asked_ratio(row),
                               row.quiet_rabbit / (other.at_most * row.against_times))

    def test_the_table_has_it_beside_the_ratio(self):
        text = matrix_report.table([line(NAME, matrix_report.HARRIER, **{CPU: 0.5}),
                                    line(NAME, matrix_report.RABBIT, **{CPU: 30})])
        cells = [cell.strip() for cell in text.splitlines()[3].split("|")]
        self.assertEqual(cells[5:9], ["60", "≤ 0.25, 40 × RabbitMQ", "42.8", "met by ratio"])


class Advantage(unittest.TestCase):
    def test_a_cost_and_a_rate_are_both_better_above_one(self):
        cost = Row("W1", NAME, {})
        rate = Row("W4", NAME, {}, figure="confirmed_per_s", unit="1/s")
        self.assertEqual(matrix_report.advantage(pair(2, 10, cost), cost), 5)
        self.assertEqual(matrix_report.advantage(pair(10, 2, rate), rate), 5)

    def test_it_is_the_median_of_the_rounds_own_ratios(self):
        row = Row("W1", NAME, {})
        lines = Lines([line(NAME, label, number, **{CPU: figure})
                       for number, ours, theirs in ((1, 1, 10), (2, 4, 80), (3, 2, 8))
                       for label, figure in ((matrix_report.HARRIER, ours),
                                             (matrix_report.RABBIT, theirs))])
        self.assertEqual(matrix_report.advantage(lines, row), 10)


class Whole(unittest.TestCase):
    def test_every_row_reads_a_load_that_is_run(self):
        run = {row.name for row in ROWS if not row.measured_by}
        self.assertEqual(len(run), sum(not row.measured_by for row in ROWS), "names are unique")
        for row in ROWS:
            self.assertIn(row.measured_by or row.name, run)
            self.assertIn(row.against or row.name, run | {row.name})
            self.assertTrue(row.configuration == CONFIGURATION or row.fresh, row.name)
        self.assertEqual(WORKLOADS, [*(f"W{number}" for number in range(1, 13)), "loops"])

    def test_the_table_shows_failures_and_noise(self):
        text = matrix_report.table([
            line(NAME, matrix_report.HARRIER, **{CPU: 0.2}),
            line(NAME, matrix_report.AGAIN, **{CPU: 0.3}),
            line("W2 1 KiB", matrix_report.HARRIER, error="closed by the broker")])
        self.assertIn("itself: " + NAME + " 1.5", text)
        self.assertIn("failed: round 1, harriermq, W2 1 KiB: closed by the broker", text)

    def test_the_chart_is_xml_with_a_bar_for_each_ratio(self):
        svg = matrix_report.chart([line(NAME, matrix_report.HARRIER, **{CPU: 0.2}),
                                   line(NAME, matrix_report.RABBIT, **{CPU: 20})])
        bars = [element for element in ElementTree.fromstring(svg).iter()
                if element.get("fill") == "#2a6f97"]
        self.assertEqual([bar.get("width") for bar in bars], ["420"])


if __name__ == "__main__":
    unittest.main()
