# Queues are declared, filled, emptied and deleted.
source "$(dirname "$0")/checks.sh"

queue=$(new_name)

check "declare answers with the queue's name" \
  test "$(tool amqp-declare-queue --queue "$queue")" = "$queue"
check "declaring it again is no error" \
  test "$(tool amqp-declare-queue --queue "$queue")" = "$queue"
check_fails "declaring it differently is an error with RabbitMQ's words" \
  "PRECONDITION_FAILED - inequivalent arg 'durable' for queue '$queue' in vhost '/': received 'true' but current is 'false'" \
  tool amqp-declare-queue --queue "$queue" --durable

check "get on an empty queue exits with status 2" \
  test "$(tool amqp-get --queue "$queue"; echo $?)" = 2

for number in 1 2 3; do
  tool amqp-publish --routing-key "$queue" --body "message $number"
done
check "messages are got in the order they were published" \
  test "$(tool amqp-get --queue "$queue"),$(tool amqp-get --queue "$queue")" = "message 1,message 2"

check "delete tells how many messages were left" \
  test "$(tool amqp-delete-queue --queue "$queue")" = 1
check_fails "get from a queue that does not exist is an error" \
  "NOT_FOUND - no queue '$queue' in vhost '/'" \
  tool amqp-get --queue "$queue"
check "deleting it again is no error" \
  test "$(tool amqp-delete-queue --queue "$queue")" = 0

tool amqp-declare-queue --queue "$queue" >/dev/null
tool amqp-publish --routing-key "$queue" --body x
check_fails "a queue with messages is kept when asked to" \
  "PRECONDITION_FAILED - queue '$queue' in vhost '/' not empty" \
  tool amqp-delete-queue --queue "$queue" --if-empty
tool amqp-delete-queue --queue "$queue" >/dev/null
