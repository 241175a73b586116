#!/usr/bin/python3
"""testssl_check.py [--json FILE]: what testssl.sh finds about the TLS listener of a harriermq.

Starts $HARRIERMQ_BINARY with an ECDSA certificate, runs Debian's testssl.sh (script/testssl
installs it) and fails at any finding above LOW in protocols, ciphers and vulnerabilities, and at
any check that could not be made. What a certificate of one's own cannot have is left out by name.
With --json a file of an earlier run is judged instead.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "hostile"))

from node import Node, free_port  # noqa: E402

FINE = {"OK", "INFO", "LOW", "DEBUG"}
# Trust, revocation and DNS: of the certificate, which is the test's own, not of the broker.
LEFT_OUT = {"cert_trust", "cert_chain_of_trust", "cert_revocation", "cert_crlDistributionPoints",
            "cert_ocspURL", "OCSP_stapling", "DNS_CAArecord", "certificate_transparency"}
# What the scanner does not manage: its OpenSSL has no GOST; resumption is tested by tls_test.py.
LEFT_OUT |= {"engine_problem", "sessionresumption_ticket"}
# A run that did not look at these has not looked.
LOOKED_AT = {"SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "cipherlist_NULL",
             "cipherlist_aNULL", "cipherlist_EXPORT", "heartbleed", "CCS", "ROBOT",
             "secure_renego", "secure_client_renego", "CRIME_TLS", "POODLE_SSL", "SWEET32",
             "FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4"}


def scan(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days",
         "200", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True, capture_output=True)
    port = free_port()
    settings = {"listeners": {"amqps": {"enabled": True, "port": port,
                                        "certificate_file": str(folder / "certificate.pem"),
                                        "key_file": str(folder / "key.pem")}}}
    found = folder / "found.json"
    with Node(settings):
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns",
                        "none", "--jsonfile", found, f"127.0.0.1:{port}"],
                       stdin=subprocess.DEVNULL, check=False, timeout=900)
    return json.loads(found.read_text())


def judge(findings):
    looked_at, bad, left_out = set(), [], []
    for finding in findings:
        name = finding["id"].split()[0]
        looked_at.add(name)
        if finding["severity"] in FINE:
            continue
        (left_out if name in LEFT_OUT else bad).append(finding)
    for finding in left_out:
        print(f"left out: {finding['id']} {finding['severity']}: {finding['finding'][:100]}")
    for finding in bad:
        print(f"FAILED {finding['id']} {finding['severity']}: {finding['finding']}")
    missing = LOOKED_AT - looked_at
    if missing:
        print(f"FAILED not looked at: {', '.join(sorted(missing))}")
    low = [finding["id"] for finding in findings if finding["severity"] == "LOW"]
    print(f"testssl: {len(findings)} findings, {len(bad)} above LOW, {len(low)} LOW"
          f" ({', '.join(low) or 'none'}), {len(left_out)} left out")
    return 1 if bad or missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if options.json:
        return judge(json.loads(options.json.read_text()))
    with tempfile.TemporaryDirectory(prefix="harrier-testssl.") as name:
        return judge(scan(pathlib.Path(name)))


if __name__ == "__main__":
    sys.exit(main())
