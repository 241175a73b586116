"""GNU SASL's client, whose SCRAM nobody here wrote, through its C interface."""

import ctypes
import unittest

from scram_client import RawConnection, Refused

OK, NEEDS_MORE = 0, 1
AUTHID, PASSWORD = 1, 3


class Gsasl:
    def __init__(self, mechanism, user, password):
        self.library = ctypes.CDLL("libgsasl.so.18")
        self.context, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.library.gsasl_init(ctypes.byref(self.context)) == OK
        assert self.library.gsasl_client_start(
            self.context, mechanism.encode(), ctypes.byref(self.session)) == OK
        for name, value in ((AUTHID, user), (PASSWORD, password)):
            self.library.gsasl_property_set(self.session, name, value.encode())

    def step(self, challenge):
        """Answers (whether it is satisfied, what to send)."""
        output, size = ctypes.c_void_p(), ctypes.c_size_t()
        result = self.library.gsasl_step(self.session, challenge, ctypes.c_size_t(len(challenge)),
                                         ctypes.byref(output), ctypes.byref(size))
        assert result in (OK, NEEDS_MORE), result
        response = ctypes.string_at(output, size.value)
        self.library.gsasl_free(output)
        return result == OK, response

    def end(self):
        self.library.gsasl_finish(self.session)
        self.library.gsasl_done(self.context)


class GsaslTest(unittest.TestCase):
    def log_in(self, user, password):
        gsasl = Gsasl("SCRAM-SHA-256", user, password)
        self.addCleanup(gsasl.end)
        connection = RawConnection()
        satisfied, response = gsasl.step(b"")
        connection.start_ok("SCRAM-SHA-256", response)
        while not satisfied:
            satisfied, response = gsasl.step(connection.challenge())
            connection.answer(response)
        connection.open()
        connection.close()

    def test_logs_in_and_believes_the_broker(self):
        for user, password in (("stored", "open sesame"), ("guest", "guest"),
                               ("one,two=three", "comma")):
            self.log_in(user, password)

    def test_is_refused_with_a_wrong_password(self):
        with self.assertRaises(Refused) as raised:
            self.log_in("stored", "open barley")
        self.assertEqual(raised.exception.code, 403)


if __name__ == "__main__":
    unittest.main()
