#!/usr/bin/python3
"""The management API over TLS: every version, sessions that clients would resume, reloads."""

import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import unittest

from management_case import DEADLINE, ManagementCase, free_port

BASIC = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="}


class Tls(ManagementCase):
    @classmethod
    def setUpClass(cls):
        cls.tls_port = free_port()
        # The folder is the case's, which makes it: the files stand beside it.
        folder = cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="harrier-management-tls."))
        cls.certificate, cls.key = f"{folder}/certificate.pem", f"{folder}/key.pem"
        cls.issue()
        cls.SETTINGS = {"management": {"tls": {
            "enabled": True, "port": cls.tls_port, "certificate_file": cls.certificate,
            "key_file": cls.key}}}
        super().setUpClass()

    @classmethod
    def issue(cls):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-days", "90",
                        "-keyout", cls.key, "-out", cls.certificate],
                       check=True, capture_output=True, timeout=60)

    def context(self, version=None):
        context = ssl.create_default_context(cafile=self.certificate)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def whoami(self, context):
        client = http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=DEADLINE,
                                             context=context)
        try:
            client.request("GET", "/api/whoami", headers=BASIC)
            return json.loads(client.getresponse().read())["name"]
        finally:
            client.close()

    def handshake(self, context, **named):
        client = socket.create_connection(("127.0.0.1", self.tls_port), DEADLINE)
        return context.wrap_socket(client, server_hostname="127.0.0.1", **named)

    def served(self):
        return ssl.get_server_certificate(("127.0.0.1", self.tls_port), timeout=DEADLINE)

    def test_both_versions_are_served_again_and_again(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(version)
            for _ in range(3):
                self.assertEqual(self.whoami(context), "guest")

    def test_no_tickets_are_given_and_none_are_taken(self):
        context = self.context(ssl.TLSVersion.TLSv1_2)
        with self.handshake(context) as first:
            session = first.session
            self.assertFalse(session.has_ticket)
        with self.handshake(context, session=session) as second:
            self.assertFalse(second.session_reused)

    def test_it_says_that_it_listens(self):
        places = {place["protocol"]: place for place in self.get("/api/overview")["listeners"]}
        self.assertEqual((places["https"]["port"], places["https"]["tls"]), (self.tls_port, True))

    def test_a_reload_brings_the_new_certificate_or_keeps_the_old(self):
        before = self.served()
        self.issue()
        self.expect(200, "POST", "/api/reload")
        after = self.served()
        self.assertNotEqual(before, after)
        with open(self.certificate, "w", encoding="ascii") as file:
            file.write("none")
        try:
            self.assertIn("management.tls", self.expect(400, "POST", "/api/reload").json["reason"])
            self.assertEqual(self.served(), after)
        finally:
            self.issue()
            self.expect(200, "POST", "/api/reload")


if __name__ == "__main__":
    unittest.main()
