#!/bin/bash
# Runs as root on a booted Debian 12 that has systemd, python3-pika and what the package depends on:
# installs one revision of the package, uses it, upgrades it to another, removes it, installs it
# again, purges it. Ends with the first thing that is not as it should be.
#
# usage: machine_check.sh <package> <package of a higher revision>
set -euo pipefail

readonly first=$1 second=$2
readonly unit=harriermq.service config=/etc/harriermq/harriermq.yaml
readonly elsewhere=192.0.2.7 # an address of this machine that is not loopback

step() { printf '\n== %s\n' "$*"; }
die() {
  printf 'machine_check: %s\n' "$*" >&2
  systemctl --no-pager --full status "$unit" >&2 || true
  journalctl --no-pager -u "$unit" -n 30 >&2 || true
  exit 1
}
property() { systemctl show --value -p "$1" "$unit"; }
expect() { # what, wanted, found
  [ "$2" = "$3" ] || die "$1: '$3' instead of '$2'"
  printf '%s: %s\n' "$1" "$3"
}
wait_for() { # seconds, what, command …
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || die "not in time: $what"
    sleep 0.2
  done
}
logged() { journalctl --no-pager -b -o cat -u "$unit" | grep -F "$1" >/dev/null; }
amqp() { # address, publish or get
  /usr/bin/python3 - "$@" <<'PYTHON'
import sys
import pika
address, what = sys.argv[1:]
connection = pika.BlockingConnection(pika.ConnectionParameters(address))
channel = connection.channel()
channel.confirm_delivery()
channel.queue_declare("kept", durable=True)
if what == "publish":
    channel.basic_publish("", "kept", b"words", pika.BasicProperties(delivery_mode=2))
else:
    assert channel.basic_get("kept")[2] == b"words", "the message is lost"
connection.close()
PYTHON
}
serves() { property StatusText | grep '^Serving: ' >/dev/null; }
service_is_up() {
  expect active active "$(systemctl is-active "$unit")"
  expect enabled enabled "$(systemctl is-enabled "$unit")"
  expect status 'Serving: AMQP on port 5672, with TLS on off, management on 15672, metrics on 15692' \
    "$(property StatusText)"
}

check_directories() {
  expect 'data' '750 harriermq harriermq' "$(stat -c '%a %U %G' /var/lib/harriermq)"
  expect 'logs' '750 harriermq harriermq' "$(stat -c '%a %U %G' /var/log/harriermq)"
  expect 'sockets' '750 harriermq harriermq' "$(stat -c '%a %U %G' /run/harriermq)"
  expect 'configuration' '640 root harriermq' "$(stat -c '%a %U %G' "$config")"
}

may_set_resources() { # CAP_SYS_RESOURCE of the first process
  local set
  set=$(awk '/^CapBnd:/ { print $2 }' /proc/1/status)
  [ $((0x$set >> 24 & 1)) -eq 1 ]
}

check_process() {
  local pid
  pid=$(property MainPID)
  expect user harriermq "$(stat -c %U "/proc/$pid")"
  expect 'LimitNOFILE' 1048576 "$(property LimitNOFILE)"
  expect 'OOMScoreAdjust' -250 "$(property OOMScoreAdjust)"
  # Where this machine is a container that may raise neither, the unit's word must do.
  if may_set_resources; then
    expect descriptors 1048576 "$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")"
    expect oom_score_adj -250 "$(cat "/proc/$pid/oom_score_adj")"
  fi
  expect 'system call filter' 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")"
  expect 'new privileges' 1 "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")"
  expect capabilities 0000000000000000 "$(awk '/^CapBnd:/ { print $2 }' "/proc/$pid/status")"
}

check_access() {
  amqp 127.0.0.1 publish
  amqp 127.0.0.1 get
  echo 'guest from this machine: served, by confirmed publish and get'
  if amqp "$elsewhere" get 2>/dev/null; then die 'guest was let in from another address'; fi
  logged 'Server startup complete' || die 'the log does not say that it started'
  echo 'guest from another address: refused'
  /usr/lib/harriermq/compat/rabbitmq-diagnostics -q ping || die 'rabbitmq-diagnostics -q ping'
  stat -c '%A %U %G %n' /run/harriermq/ctl.sock
  # Management and metrics are for this machine only.
  /usr/bin/python3 - "$elsewhere" <<'PYTHON'
import socket, sys, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:15692/metrics", timeout=10).read()
assert b"rabbitmq_build_info" in text
for port in (15672, 15692):
    try:
        socket.create_connection((sys.argv[1], port), timeout=10)
    except ConnectionRefusedError:
        continue
    raise SystemExit(f"port {port} is open to other machines")
socket.create_connection((sys.argv[1], 5672), timeout=10)
print("metrics: on loopback; AMQP: on all addresses")
PYTHON
}

# Root needs no login on the socket, guest one over HTTP; RabbitMQ's names are where the README says.
check_management() {
  local compat=/usr/lib/harriermq/compat
  harrierctl -q ping
  harrierctl -q list_users | grep -q '^guest' || die 'harrierctl list_users'
  harrierctl -q declare_nothing 2>/dev/null && die 'harrierctl knows a command that is none'
  harrierctl -q create_queue from-ctl
  "$compat/rabbitmqctl" -q list_queues name messages | grep -q '^from-ctl' || die 'rabbitmqctl list_queues'
  "$compat/rabbitmqctl" -q delete_queue from-ctl
  "$compat/rabbitmqadmin" -f bash list queues | grep -q kept || die 'rabbitmqadmin list queues'
  harrierctl audit_verify >/dev/null || die 'harrierctl audit_verify'
  man -w harrierctl >/dev/null 2>&1 || [ -e /usr/share/man/man8/harrierctl.8.gz ] || die 'no manual page'
  [ "$(runuser -u nobody -- harrierctl -q ping >/dev/null 2>&1; echo $?)" -ne 0 ] || die 'nobody may ping'
  /usr/bin/python3 - <<'PYTHON'
import json, urllib.request
def get(path, login=True):
    request = urllib.request.Request("http://127.0.0.1:15672" + path)
    if login:
        request.add_header("Authorization", "Basic Z3Vlc3Q6Z3Vlc3Q=")
    return urllib.request.urlopen(request, timeout=10).read()
assert json.loads(get("/api/overview"))["product_name"] == "HarrierMQ"
assert json.loads(get("/api/health/checks/alarms"))["status"] == "ok"
assert b"<html" in get("/", login=False).lower()
assert get("/readyz", login=False) == b"ok\n"
print("management: page, API, probes, harrierctl and RabbitMQ's names answer")
PYTHON
}

check_reload() {
  echo 'log: {level: debug}' >>"$config"
  systemctl reload "$unit"
  wait_for 10 'the reload' logged 'reloaded'
  echo 'no_such_key: 1' >>"$config"
  systemctl reload "$unit"
  wait_for 10 'the refusal' logged 'not reloaded, everything stays as it was'
  sed -i '/^no_such_key/d' "$config"
  wait_for 10 'ready again' serves
  service_is_up
}

restarted_after() { # the pid before
  [ "$(property MainPID)" -ne "$1" ] && systemctl is-active "$unit"
}

check_watchdog() {
  local pid
  pid=$(property MainPID)
  expect watchdog 30s "$(property WatchdogUSec)"
  kill -STOP "$pid"
  wait_for 60 'the watchdog' logged 'Watchdog timeout'
  wait_for 60 'another start' restarted_after "$pid"
  echo "a process that stands still: killed by the watchdog, started again"
}

step "install $first"
ip address add "$elsewhere/32" dev lo 2>/dev/null || true
dpkg -P harriermq 2>/dev/null # what an earlier run may have left
dpkg -i "$first"
service_is_up
check_directories
check_process
systemd-analyze verify --man=no "$unit" || die 'the unit is not clean'
systemd-analyze security --threshold=20 --no-pager "$unit" | tail -1

step 'use it'
check_access

step 'management'
check_management

step 'reload'
check_reload

step 'watchdog'
check_watchdog

step "upgrade to $second"
amqp 127.0.0.1 publish
before=$(property MainPID)
dpkg -i "$second"
service_is_up
[ "$(property MainPID)" != "$before" ] || die 'the upgrade did not restart it'
amqp 127.0.0.1 get
grep -q '^log: {level: debug}' "$config" || die 'the upgrade changed the configuration'
check_directories
echo 'restarted; the message and the configuration are there'

step 'remove'
amqp 127.0.0.1 publish
dpkg -r harriermq
expect active inactive "$(systemctl is-active "$unit" || true)"
[ ! -e /usr/bin/harriermq ] || die 'the program is still there'
[ -e "$config" ] || die 'the configuration is gone'
[ -e /var/lib/harriermq/node ] || die 'the data are gone'
echo 'stopped; configuration and data are there'

step 'install again'
dpkg -i "$second"
service_is_up
amqp 127.0.0.1 get
echo 'the message is there'

step 'purge'
dpkg -P harriermq
for path in /var/lib/harriermq /var/log/harriermq /run/harriermq /etc/harriermq \
  /etc/logrotate.d/harriermq; do
  [ ! -e "$path" ] || die "$path is still there"
done
expect 'unit' 'not-found' "$(systemctl show --value -p LoadState "$unit")"
echo 'nothing is left but the user'
