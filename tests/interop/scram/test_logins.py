import os
import unittest

import pika

from scram_client import Scram, RawConnection, Refused, log_in

BOTH = "sha256", "sha512"


class ScramTest(unittest.TestCase):
    def test_is_offered_behind_the_mechanisms_of_old(self):
        connection = RawConnection()
        self.assertEqual(connection.mechanisms,
                         ["PLAIN", "AMQPLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
        connection.drop()

    def test_users_with_stored_keys_log_in(self):
        for digest in BOTH:
            log_in(Scram(digest, "stored", "open sesame")).close()

    def test_users_with_clear_passwords_log_in(self):
        for digest in BOTH:
            for _ in range(2):
                log_in(Scram(digest, "guest", "guest")).close()

    def test_names_with_commas_and_equals_signs(self):
        log_in(Scram("sha256", "one,two=three", "comma")).close()

    def test_wrong_passwords_and_users_are_refused_alike(self):
        for digest in BOTH:
            texts = set()
            for user, password in (("stored", "wrong"), ("stored", ""), ("nobody", "x")):
                with self.assertRaises(Refused) as raised:
                    log_in(Scram(digest, user, password))
                self.assertEqual(raised.exception.code, 403)
                texts.add(str(raised.exception))
            self.assertEqual(texts, {"403 ACCESS_REFUSED - Login was refused using authentication "
                                     f"mechanism SCRAM-SHA-{digest[3:]}. For details see the "
                                     "broker logfile."})

    def test_channel_binding_is_a_syntax_error(self):
        with self.assertRaises(Refused) as raised:
            log_in(Scram("sha256", "stored", "open sesame", gs2="p=tls-unique,,"))
        self.assertEqual(raised.exception.code, 502)

    def test_a_replayed_proof_is_refused(self):
        scram = Scram("sha256", "stored", "open sesame")
        first = RawConnection()
        first.start_ok(scram.mechanism, scram.first())
        proof = scram.final(first.challenge())
        first.drop()
        second = RawConnection()
        second.start_ok(scram.mechanism, scram.first())
        second.challenge()
        second.answer(proof)
        with self.assertRaises(Refused) as raised:
            second.challenge()
        self.assertEqual(raised.exception.code, 502)


class PlainTest(unittest.TestCase):
    def connect(self, user, password):
        parameters = pika.URLParameters(os.environ["AMQP_TEST_URL"])
        parameters.credentials = pika.PlainCredentials(user, password)
        pika.BlockingConnection(parameters).close()

    def test_every_stored_form_is_checked(self):
        for user, password in (("guest", "guest"), ("stored", "open sesame"),
                               ("one,two=three", "comma"), ("rabbit256", "carrot"),
                               ("rabbit512", "carrot")):
            for _ in range(2):
                self.connect(user, password)

    def test_wrong_empty_and_unknown_are_refused(self):
        for user, password in (("guest", "wrong"), ("guest", ""), ("stored", "wrong"),
                               ("stored", ""), ("nobody", "guest"), ("", "guest"), ("", "")):
            with self.assertRaises(pika.exceptions.ProbableAuthenticationError):
                self.connect(user, password)

    # Their hashes wait for a thread; whose password is known does not, and gets in while they wait.
    def test_two_hundred_wrong_ones_do_not_hold_a_good_one(self):
        self.connect("stored", "open sesame")
        waiting = []
        for number in range(200):
            guess = RawConnection()
            guess.start_ok("PLAIN", f"\0stored\0wrong {number}".encode())
            waiting.append(guess)
        self.connect("stored", "open sesame")
        for guess in waiting:
            with self.assertRaises(Refused):
                guess.challenge()
            guess.drop()

    def test_an_imported_user_has_keys_after_its_login(self):
        self.connect("rabbit512", "carrot")
        for _ in range(100):  # they are made after the answer
            try:
                return log_in(Scram("sha512", "rabbit512", "carrot")).close()
            except Refused:
                pass
        self.fail("no keys")


if __name__ == "__main__":
    unittest.main()
