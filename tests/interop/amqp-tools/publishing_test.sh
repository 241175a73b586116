# Properties, large bodies and exchanges.
source "$(dirname "$0")/checks.sh"

queue=$(new_name)
tool amqp-declare-queue --queue "$queue" >/dev/null

directory=$(mktemp --directory)
trap 'rm --recursive --force "$directory"; exit $((failures > 0))' EXIT

head --bytes=3000000 /dev/urandom >"$directory/sent"
tool amqp-publish --routing-key "$queue" <"$directory/sent"
tool amqp-get --queue "$queue" >"$directory/received"
check "a body of many frames arrives unchanged" cmp "$directory/sent" "$directory/received"

tool amqp-publish --routing-key "$queue" --body ""
check "an empty body arrives as one" test "$(tool amqp-get --queue "$queue"; echo $?)" = 0

tool amqp-publish --routing-key "$queue" --content-type text/plain --content-encoding utf-8 \
  --persistent --reply-to somewhere --header "name: value" --body "with properties"
check "a message with properties and headers arrives" \
  test "$(tool amqp-get --queue "$queue")" = "with properties"

check_fails "publishing to an exchange that does not exist is an error" \
  "NOT_FOUND - no exchange '$queue' in vhost '/'" \
  tool amqp-publish --exchange "$queue" --routing-key x --body x

# The consumer declares a queue of its own, which is bound once it exists: publish until it heard.
tool amqp-consume --exchange amq.topic --routing-key "$queue.*" --count 1 cat >"$directory/heard" &
consumer=$!
deadline=$((SECONDS + 15))
until ((SECONDS > deadline)) || ! kill -0 "$consumer" 2>/dev/null; do
  tool amqp-publish --exchange amq.topic --routing-key "$queue.news" --body "over the exchange"
done
wait "$consumer"
check "a consumer with a queue of the broker's naming hears an exchange" \
  test "$(cat "$directory/heard")" = "over the exchange"

tool amqp-delete-queue --queue "$queue" >/dev/null
