package interop

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func exchange(t *testing.T, channel *amqp.Channel, kind string, arguments amqp.Table) string {
	t.Helper()
	name := newName("exchange")
	must(t, channel.ExchangeDeclare(name, kind, false, true, false, false, arguments))
	t.Cleanup(func() { openOn(t, connect(t)).ExchangeDelete(name, false, false) })
	return name
}

// boundQueue consumes from a new queue bound to the exchange.
func boundQueue(t *testing.T, channel *amqp.Channel, exchange, key string,
	arguments amqp.Table) <-chan amqp.Delivery {
	t.Helper()
	queue := declare(t, channel, nil)
	must(t, channel.QueueBind(queue, key, exchange, false, arguments))
	return consume(t, channel, queue)
}

func TestTopicPatterns(t *testing.T) {
	channel := open(t)
	topic := exchange(t, channel, "topic", nil)
	word := boundQueue(t, channel, topic, "logs.*.error", nil)
	words := boundQueue(t, channel, topic, "logs.#", nil)

	for _, key := range []string{"logs", "logs.web.error", "logs.web.warning", "other"} {
		publish(t, channel, topic, key, body(key))
	}
	publish(t, channel, topic, "logs.end.error", body("end"))

	expectBodies(t, word, "logs.web.error", "end")
	expectBodies(t, words, "logs", "logs.web.error", "logs.web.warning", "end")
}

func TestHeadersMatchByValueAndType(t *testing.T) {
	channel := open(t)
	headers := exchange(t, channel, "headers", nil)
	all := boundQueue(t, channel, headers, "",
		amqp.Table{"x-match": "all", "format": "pdf", "copies": int32(2)})
	either := boundQueue(t, channel, headers, "",
		amqp.Table{"x-match": "any", "format": "pdf", "copies": int32(2)})

	send := func(text string, table amqp.Table) {
		publish(t, channel, headers, "", amqp.Publishing{Headers: table, Body: []byte(text)})
	}
	send("both", amqp.Table{"format": "pdf", "copies": int32(2)})
	send("one", amqp.Table{"format": "pdf", "copies": int32(3)})
	send("none", amqp.Table{"format": "png"})
	send("end", amqp.Table{"format": "pdf", "copies": int32(2)})

	expectBodies(t, all, "both", "end")
	expectBodies(t, either, "both", "one", "end")
}

func TestWhatAnExchangeCannotRouteGoesToItsAlternate(t *testing.T) {
	channel := open(t)
	spare := exchange(t, channel, "fanout", nil)
	direct := exchange(t, channel, "direct", amqp.Table{"alternate-exchange": spare})
	routed := boundQueue(t, channel, direct, "known", nil)
	unrouted := boundQueue(t, channel, spare, "", nil)

	publish(t, channel, direct, "unknown", body("1"))
	publish(t, channel, direct, "known", body("2"))

	expectBodies(t, unrouted, "1")
	expectBodies(t, routed, "2")
}

func TestDirectReplyTo(t *testing.T) {
	server, client := open(t), open(t)
	requests := declare(t, server, nil)
	go func() {
		deliveries, err := server.Consume(requests, "", true, false, false, false, nil)
		if err != nil {
			return // the client then misses its reply
		}
		for request := range deliveries {
			server.Publish("", request.ReplyTo, false, false, amqp.Publishing{
				CorrelationId: request.CorrelationId,
				Body:          append([]byte("re: "), request.Body...),
			})
		}
	}()

	const replyTo = "amq.rabbitmq.reply-to"
	replies, err := client.Consume(replyTo, "", true, false, false, false, nil)
	must(t, err)
	must(t, client.Publish("", requests, false, false, amqp.Publishing{
		ReplyTo: replyTo, CorrelationId: "7", Body: []byte("question"),
	}))
	reply := receive(t, replies)
	if string(reply.Body) != "re: question" || reply.CorrelationId != "7" {
		t.Fatalf("got reply %q to %q", reply.Body, reply.CorrelationId)
	}
}
