"""Prints the users of these tests as YAML, their hashes made with Python's hashlib alone."""

import base64
import hashlib
import hmac

# Fewer than a real one, so that hundreds of them take seconds.
ITERATIONS = 20_000


def b64(octets):
    return base64.b64encode(octets).decode().rstrip("=")


# As docs/operations/authentication.md shows it, with a salt that is always the same.
def keys(digest, password, iterations=ITERATIONS):
    salt = f"salt of {digest}".encode()
    salted = hashlib.pbkdf2_hmac(digest, password, salt, iterations)
    stored = hashlib.new(digest, hmac.digest(salted, b"Client Key", digest)).digest()
    server = hmac.digest(salted, b"Server Key", digest)
    return f"$scram-sha-{digest[3:]}$i={iterations}${b64(salt)}${b64(stored + server)}"


def rabbit(digest, password):
    salt = b"\x01\x02\xfe\xff"
    return base64.b64encode(salt + hashlib.new(digest, salt + password).digest()).decode()


def user(name, field, secret):
    return f"""  - name: "{name}"
    {field}: "{secret}"
    permissions: [{{virtual_host: /}}]"""


def main():
    print(f"""auth:
  hash_iterations_sha256: {ITERATIONS}
  hash_iterations_sha512: {ITERATIONS}
limits:
  accept:
    unauthenticated_per_address_max: 1024
users:""")
    print(user("guest", "password", "guest"))
    print(user("stored", "password_hash",
               keys("sha256", b"open sesame") + keys("sha512", b"open sesame")))
    print(user("one,two=three", "password_hash", keys("sha256", b"comma")))
    print(user("rabbit256", "password_hash", rabbit("sha256", b"carrot")))
    print(user("rabbit512", "password_hash", rabbit("sha512", b"carrot")))


if __name__ == "__main__":
    main()
