#!/usr/bin/python3
"""harrierctl against a server whose answers a test has written: what it asks, and what it makes of
answers that are wrong, torn, too large, too deep, or never come."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import harrierctl
from scripted_server import ScriptedServer, http

NOTHING = http(404, {"error": "Object Not Found", "reason": "Not Found"})


class Scripted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harrier-ctl.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.socket = self.folder / "s"
        self.ctl = harrierctl.Ctl("--socket", self.socket)

    def ask(self, script, *words, **how):
        """What the program made of the answers, and the requests."""
        if isinstance(script, bytes) or callable(script):
            script = {"": script}
        with ScriptedServer(self.socket, script) as server:
            return self.ctl(*words, **how), server.requests


class Requests(Scripted):
    def test_no_credentials_go_over_the_socket_unless_a_user_is_given(self):
        _, (request,) = self.ask(http(200, {}), "-q", "ping")
        self.assertNotIn("authorization", request.lower())
        _, (request,) = self.ask(http(200, {}), "-q", "ping", "--user", "u", "--password", "p:w")
        self.assertIn("Authorization: Basic dTpwOnc=\r\n", request)

    def test_names_are_encoded_once(self):
        _, requests = self.ask(http(204), "-q", "-p", "/", "purge_queue", "a/b %2F+#?\n")
        self.assertTrue(requests[0].startswith(
            "DELETE /api/queues/%2F/a%2Fb%20%252F%2B%23%3F%0A/contents HTTP/1.1\r\n"), requests[0])

    def test_only_the_columns_that_are_shown_are_asked_for(self):
        _, (request,) = self.ask(http(200, []), "-q", "list_consumers", "queue_name,active")
        self.assertIn("GET /api/consumers/%2F?columns=queue.name,active ", request)

    def test_reasons_cannot_add_header_fields(self):
        script = {"GET": http(200, {}), "DELETE": http(204)}
        _, requests = self.ask(script, "-q", "close_connection", "c", "bye\r\nX-Evil: 1")
        self.assertIn("\r\nX-Reason: bye\\r\\nX-Evil: 1\r\n", requests[1])

    def test_changing_a_password_keeps_the_tags(self):
        user = {"name": "u", "password_hash": "h", "tags": ["monitoring"]}
        done, requests = self.ask({"GET": http(200, user), "PUT": http(204)},
                                  "-q", "change_password", "u", given="new\n")
        self.assertEqual(done, (0, "", ""))
        self.assertTrue(requests[1].endswith('{"tags":["monitoring"],"password":"new"}'),
                        requests[1])

    def test_extras_have_the_paths_that_the_api_has(self):
        for words, line, body in (
                (("browse_queue", "q", "--from", 5, "--count", 2),
                 "GET /api/queues/%2F/q/messages?count=2&from=5", ""),
                (("delete_message", "q", 7), "DELETE /api/queues/%2F/q/messages/7", ""),
                (("move_messages", "q", "d", "--count", 3), "POST /api/queues/%2F/q/move",
                 '{"destination":"d","count":3}'),
                (("redrive_queue", "q", "--rate", 9, "--limit", 8, "--dry-run"),
                 "POST /api/queues/%2F/q/redrive", '{"dry_run":true,"rate":9,"limit":8}'),
                (("pause_queue", "q"), "PUT /api/queues/%2F/q/pause", ""),
                (("resume_queue", "q"), "PUT /api/queues/%2F/q/resume", ""),
                (("reload",), "POST /api/reload", "{}"),
                (("audit_log",), "GET /api/audit?count=50", ""),
                (("audit_verify",), "GET /api/audit/verify", ""),
                (("list_quotas",), "GET /api/quotas", ""),
                (("set_log_level", "debug"), "PUT /api/log-level", '{"level":"debug"}'),
                (("rotate_logs",), "POST /api/rotate-logs", "{}"),
                (("environment",), "GET /api/config/effective", ""),
                (("stop",), "POST /api/stop", "{}"),
                (("drain",), "PUT /api/drain", "{}"),
                (("revive",), "PUT /api/revive", "{}")):
            answer = {"audit_verify": {"whole": True}}.get(words[0], [])
            script = http(200, answer) if line.startswith("GET") else http(204)
            done, (request,) = self.ask(script, "-q", *words)
            self.assertEqual((done.code, done.err), (0, ""), words)
            self.assertTrue(request.startswith(line + " HTTP/1.1\r\n"), request)
            self.assertTrue(request.endswith("\r\n\r\n" + body), request)


class Outcomes(Scripted):
    def test_a_broken_audit_log_is_65_and_says_where(self):
        report = {"whole": False, "broken": {"file": "/a", "line": 7, "what": "\x1bno"}}
        done, _ = self.ask(http(200, report), "-q", "audit_verify")
        self.assertEqual((done.code, done.err),
                         (65, "Error:\nthe audit log is broken: /a:7: \\x1bno\n"))
        done, _ = self.ask(http(200, {"whole": True, "broken": None, "records": 3}), "-q",
                           "audit_verify")
        self.assertEqual(done, (0, "whole: true\nrecords: 3\n", ""))
        self.assertEqual(self.ask(http(200, {}), "-q", "audit_verify")[0].code, 65)

    def test_records_have_the_columns_that_any_of_them_has(self):
        done, _ = self.ask(http(200, [{"a": 1}, {"b\t": "x\ny"}]), "-q", "audit_log")
        self.assertEqual(done.out, "a\tb\\t\n1\t\n\tx\\ny\n")
        many = [{f"c{i}": 1 for i in range(1000)}]
        done, _ = self.ask(http(200, many), "-q", "audit_log")
        self.assertEqual(done.out.splitlines()[0].count("\t"), 63)

    def test_a_reload_says_what_changed(self):
        change = {"key": "log.level", "before": "info", "after": "debug"}
        done, _ = self.ask(http(200, {"in_effect": [change], "waiting_for_restart": [change]}),
                           "-q", "reload")
        self.assertEqual(done.out, "log.level: info -> debug\n"
                         "log.level: info -> debug (after a restart)\n")

    def test_the_configuration_is_printed_as_it_comes(self):
        done, _ = self.ask(http(200, b"a:\n  b: 1\n", "Content-Type: application/yaml\r\n"), "-q",
                           "environment")
        self.assertEqual(done, (0, "a:\n  b: 1\n", ""))

    def test_what_moved_and_where_to_is_told(self):
        done, _ = self.ask(http(200, {"moved": {"q\t1": 3}, "end": "done"}), "-q",
                           "redrive_queue", "d")
        self.assertEqual(done.out, 'moved: [{"q\\t1",3}]\nend: done\n')


class BadAnswers(Scripted):
    def code(self, script, *words, **how):
        done, _ = self.ask(script, *words, **how)
        self.assertTrue(done.err.startswith("Error:\n"), done)
        return done.code

    def test_what_is_no_http_or_makes_no_sense_is_70(self):
        for answer in (b"SSH-2.0-x\r\n", b"HTTP/1.1 banana\r\n\r\n", http(200, b"<html>"),
                       http(200, b"[" * 65 + b"]" * 65), http(200, b'{"a":1}'), http(200, b"[1]"),
                       http(200, b'["\xff"]'), http(302, b"", "Location: /\r\n"),
                       b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000 + b"\r\n\r\n"):
            self.assertEqual(self.code(answer, "-q", "list_users"), 70, answer[:60])

    def test_depth_cannot_exhaust_the_stack(self):
        self.assertEqual(self.code(http(200, b"[" * 5_000_000), "-q", "list_users"), 70)

    def test_an_answer_larger_than_agreed_is_70(self):
        answer = http(200, b'[{"name":"' + b"x" * 4096 + b'"}]')
        self.assertEqual(self.code(answer, "-q", "list_users", "--answer-bytes-max", 4096), 70)
        body = answer.split(b"\r\n\r\n", 1)[1]
        for fields, sent in ((b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" %
                              (len(body), body)), (b"Connection: close", body)):
            answer = b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n" + sent
            self.assertEqual(self.code(answer, "-q", "list_users", "--answer-bytes-max", 4096), 70,
                             fields)
        # One that only says how large it will be is not waited for.
        huge = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
        self.assertEqual(self.code(huge, "-q", "list_users"), 70)

    def test_a_connection_that_breaks_is_69(self):
        self.assertEqual(self.code(lambda *_: None, "-q", "list_users"), 69)
        self.assertEqual(self.code(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n"
                                   b"Connection: close\r\n\r\n[", "-q", "list_users"), 69)

    def test_an_answer_that_never_comes_is_75(self):
        def silence(server, _):
            server.ending.wait(30)
        begun = time.monotonic()
        with ScriptedServer(self.socket, {"": silence}) as server:
            done = self.ctl("-q", "list_users", "-t", "0.2")
            server.ending.set()
        self.assertEqual(done.code, 75)
        self.assertLess(time.monotonic() - begun, 20)

    def test_members_of_another_kind_are_70_or_shown_as_they_are(self):
        self.assertEqual(self.code(http(200, [{"user": 7, "value": 1}]), "-q", "list_user_limits",
                                   "--global"), 70)
        done, _ = self.ask(http(200, [{"name": {"a": [None, 1]}, "tags": 3}]), "-q", "list_users")
        self.assertEqual(done.out, 'user\ttags\n[{"a",[undefined,1]}]\t3\n')

    def test_refusals_have_their_exit_codes(self):
        for status, code in ((401, 77), (403, 77), (404, 69), (405, 69), (400, 69), (500, 69),
                             (503, 69)):
            self.assertEqual(self.code(http(status, {"reason": "no"}), "-q", "list_users"), code)

    def test_who_is_missing_is_found_out(self):
        gone = {"": NOTHING, "GET /api/vhosts/%2F": http(200, {})}
        done, _ = self.ask(gone, "-q", "set_permissions", "u", "a", "b", "c")
        self.assertEqual((done.code, done.err), (67, 'Error:\nUser "u" does not exist\n'))
        done, _ = self.ask(NOTHING, "-q", "set_permissions", "u", "a", "b", "c")
        self.assertEqual((done.code, done.err), (65, "Error:\nVirtual host '/' does not exist\n"))
        done, _ = self.ask(NOTHING, "-q", "delete_user", "u")
        self.assertEqual(done.code, 67)

    def test_hostile_names_are_escaped_also_in_errors(self):
        done, _ = self.ask(http(200, [{"name": "a\tb\n\x1b]0;x\x07\u202e", "messages": 1}]),
                           "-q", "list_queues")
        self.assertEqual(done.out, "name\tmessages\na\\tb\\n\\x1b]0;x\\x07\\u202e\t1\n")
        done, _ = self.ask(NOTHING, "delete_user", "\x1b[2J")
        self.assertNotIn("\x1b", done.out + done.err)
        done, _ = self.ask(http(400, {"reason": "\x1b[2J"}), "list_users")
        self.assertNotIn("\x1b", done.err)


class NoBroker(Scripted):
    def test_nobody_there_is_69(self):
        self.assertEqual(self.ctl("-q", "ping").code, 69)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            uri = f"http://127.0.0.1:{unused.getsockname()[1]}"
            self.assertEqual(harrierctl.run("-q", "ping", "--uri", uri).code, 69)

    def test_the_socket_comes_from_the_environment(self):
        done = harrierctl.run("-q", "ping", environment={"HARRIERMQ_CTL_SOCKET": "/no/such"})
        self.assertEqual(done.code, 69)
        self.assertIn("/no/such", done.err)

    def test_a_wrong_address_is_78(self):
        self.assertEqual(harrierctl.run("ping", "--uri", "ftp://x").code, 78)
        self.assertEqual(harrierctl.run("ping", "--password-file", "/no/such").code, 78)
        self.assertEqual(harrierctl.run("ping", "--socket", "x" * 200).code, 78)

    def test_await_startup_waits_for_a_broker_and_gives_up_with_75(self):
        self.assertEqual(self.ctl("await_startup", "-t", "0.3").code, 75)
        waiting = subprocess.Popen([harrierctl.BINARY, "--socket", self.socket, "await_startup",
                                    "-t", "60"])
        script = {"GET /api/overview": http(200, {"node": "n"}),
                  "GET /api/nodes/n": http(200, {"running": True})}
        with ScriptedServer(self.socket, script):
            self.assertEqual(waiting.wait(60), 0)

    def test_wait_ends_when_the_process_does(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.assertEqual(self.ctl("-q", "wait", "--pid", ended.pid, "-t", "30").code, 69)

    def test_what_needs_no_broker_works_without(self):
        self.assertEqual(self.ctl("hash_password", given="x\n").code, 0)
        self.assertEqual(harrierctl.run("version").out.count("."), 2)
        self.assertEqual(harrierctl.run("help", "list_queues").code, 0)
        self.assertEqual(harrierctl.run("help", "nosuch").code, 64)
        self.assertEqual(harrierctl.run().code, 64)

    def test_full_standard_output_is_74(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([harrierctl.BINARY, "help"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 74)


class OtherNames(Scripted):
    def test_plugins_that_are_built_in_pass_and_others_fail(self):
        done = harrierctl.run("enable", "--offline", "rabbitmq_management", "rabbitmq_prometheus",
                              name="/usr/sbin/rabbitmq-plugins")
        self.assertEqual(done.code, 0)
        self.assertIn("rabbitmq_prometheus is built in", done.out)
        done = harrierctl.run("enable", "rabbitmq_management", "rabbitmq_shovel",
                              name="rabbitmq-plugins")
        self.assertEqual(done.code, 69)
        self.assertIn("rabbitmq_shovel", done.err)
        self.assertEqual(harrierctl.run("enable", "nosuch", name="rabbitmq-plugins").code, 70)
        self.assertEqual(harrierctl.run("is_enabled", "rabbitmq_stream",
                                        name="rabbitmq-plugins").code, 69)
        self.assertEqual(harrierctl.run("-q", "list", "-m", "-E", "prom",
                                        name="rabbitmq-plugins").out, "rabbitmq_prometheus\n")

    def test_rabbitmqctl_tells_the_release_that_clients_may_expect(self):
        self.assertNotEqual(harrierctl.run("version").out,
                            harrierctl.run("version", name="rabbitmqctl").out)

    def test_rabbitmqadmin_uses_the_socket_when_no_address_is_given(self):
        with ScriptedServer(self.socket, {"": http(201)}) as server:
            done = harrierctl.run("declare", "queue", "name=q", "queue_type=quorum",
                                  name="rabbitmqadmin",
                                  environment={"HARRIERMQ_CTL_SOCKET": str(self.socket)})
        self.assertEqual(done, (0, "queue declared\n", ""))
        self.assertTrue(server.requests[0].startswith("PUT /api/queues/%2F/q "))
        self.assertIn('"x-queue-type":"quorum"', server.requests[0])

    def test_rabbitmqadmin_fails_with_1(self):
        for words in (("declare", "queue"), ("list", "nosuch"), ("nosuch",), ("--nosuch",),
                      ("-P", "1", "list", "queues")):
            self.assertEqual(harrierctl.run(*words, name="rabbitmqadmin").code, 1, words)


class Documents(unittest.TestCase):
    ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

    def test_reference_and_manual_are_as_the_table_says(self):
        for command, file in (("cli_reference", "docs/reference/cli.md"),
                              ("man", "docs/man/harrierctl.8")):
            self.assertEqual(harrierctl.run(command).out, (self.ROOT / file).read_text(),
                             "run script/cli-reference")

    def complete(self, *words):
        script = harrierctl.run("completion", "bash").out + (
            f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _harrierctl;"
            "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                              check=True).stdout.split()

    def test_completion_knows_commands_options_and_columns(self):
        self.assertEqual(self.complete("harrierctl", "list_q"), ["list_queues", "list_quotas"])
        self.assertEqual(self.complete("harrierctl", "-q", "list_queues", "messages_unack"),
                         ["messages_unacknowledged"])
        self.assertEqual(self.complete("harrierctl", "delete_queue", "--if-e"), ["--if-empty"])


class OwnFiles(Scripted):
    def test_exported_definitions_are_whole_and_private(self):
        file = self.folder / "d.json"
        done, _ = self.ask(http(200, {"users": [], "note": "ü"}), "-q", "export_definitions", file)
        self.assertEqual(done, (0, "", ""))
        self.assertEqual(file.read_text(), '{"users":[],"note":"ü"}\n')
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.folder), ["d.json", "s"] if self.socket.exists()
                         else ["d.json"])
        done, _ = self.ask(http(500), "-q", "export_definitions", file)
        self.assertEqual(done.code, 69)
        self.assertIn("ü", file.read_text())
        self.assertEqual(self.ask(http(200, {}), "export_definitions", "/no/such/x")[0].code, 74)

    def test_imported_definitions_are_looked_at_first(self):
        file = self.folder / "d.json"
        file.write_text("{bad")
        self.assertEqual(self.ctl("import_definitions", file).code, 65)
        self.assertEqual(self.ctl("import_definitions", self.folder).code, 65)
        done, (request,) = self.ask(http(204), "-q", "import_definitions",
                                    given='\ufeff{"users": []}')
        self.assertEqual(done.code, 0)
        self.assertTrue(request.endswith('\r\n\r\n{"users":[]}'))


if __name__ == "__main__":
    unittest.main()
