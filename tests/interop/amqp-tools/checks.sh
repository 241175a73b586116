# Sourced by the tests of this folder.
#
#   name=$(new_name)
#   check "what it does" test "$(tool amqp-get --queue "$name")" = body

set -uo pipefail

failures=0
trap 'exit $((failures > 0))' EXIT

# tool PROGRAM ARGUMENT...: runs it against the broker under test. None may hang.
tool() {
  local program=$1
  shift
  timeout 15 "$program" --url "$AMQP_TEST_URL" "$@"
}

new_name() {
  echo "interop.amqp-tools.$$.$RANDOM$RANDOM"
}

check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok - $name"
  else
    echo "not ok - $name: $*"
    failures=$((failures + 1))
  fi
}

# check_fails NAME TEXT COMMAND...: COMMAND fails and says TEXT.
check_fails() {
  local name=$1 text=$2 output
  shift 2
  if output=$("$@" 2>&1); then
    check "$name" test "it succeeded" = "it failed"
  else
    check "$name" grep --quiet --fixed-strings -- "$text" <<<"$output"
  fi
}
