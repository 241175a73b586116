#!/usr/bin/python3
"""Lists of many queues: whole, by pages, and sorted, while the memory stays small."""

import unittest

from management_case import ADMIN, ManagementCase

QUEUES = 3000


class Scale(ManagementCase):
    SETTINGS = {"loops": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        definitions = {"vhosts": [{"name": "/"}], "queues": [
            {"name": f"q{number:05}", "vhost": "/", "durable": False, "auto_delete": False,
             "arguments": {}} for number in range(QUEUES)]}
        assert cls.ask("POST", "/api/definitions", definitions).status == 204

    def test_the_whole_list_is_streamed(self):
        answer = self.ask("GET", "/api/queues", user=ADMIN)
        self.assertEqual(answer.fields["transfer-encoding"], "chunked")
        names = [queue["name"] for queue in answer.json]
        self.assertEqual(sorted(names), [f"q{number:05}" for number in range(QUEUES)])

    def test_sorted_whole(self):
        names = [queue["name"] for queue in
                 self.get("/api/queues?sort=name&sort_reverse=true&columns=name")]
        self.assertEqual(names, [f"q{number:05}" for number in reversed(range(QUEUES))])

    def test_a_page_of_it(self):
        page = self.get("/api/queues?page=30&page_size=100&sort=name")
        self.assertEqual((page["total_count"], page["page_count"], page["item_count"]),
                         (QUEUES, 30, 100))
        self.assertEqual(page["items"][-1]["name"], f"q{QUEUES - 1:05}")

    def test_bindings_are_all_there(self):
        self.assertEqual(len(self.get("/api/bindings?columns=destination")), QUEUES)


if __name__ == "__main__":
    unittest.main()
