# amqp-consume hands each message to a program and ends after --count messages.
source "$(dirname "$0")/checks.sh"

queue=$(new_name)
tool amqp-declare-queue --queue "$queue" >/dev/null
# One message for each line of the input.
printf 'line %d\n' {1..100} | tool amqp-publish --routing-key "$queue" --line-buffered

check "each line arrives as a message, in order" \
  test "$(tool amqp-consume --queue "$queue" --count 99 cat)" = "$(printf 'line %d\n' {1..99})"
check "what is beyond the count stays in the queue" \
  test "$(tool amqp-delete-queue --queue "$queue")" = 1

tool amqp-declare-queue --queue "$queue" >/dev/null
printf 'line %d\n' {1..10} | tool amqp-publish --routing-key "$queue" --line-buffered
check "prefetch and acks work together" \
  test "$(tool amqp-consume --queue "$queue" --count 10 --prefetch-count 1 cat | wc --lines)" = 10
check "consuming without acks works" \
  test "$(tool amqp-publish --routing-key "$queue" --body x;
          tool amqp-consume --queue "$queue" --count 1 --no-ack cat)" = x
tool amqp-delete-queue --queue "$queue" >/dev/null

check_fails "consuming from a queue that does not exist is an error" \
  "NOT_FOUND - no queue '$queue' in vhost '/'" \
  tool amqp-consume --queue "$queue" --count 1 cat
