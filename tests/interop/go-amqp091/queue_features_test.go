package interop

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestRejectedExpiredAndOverflowingMessagesAreDeadLettered(t *testing.T) {
	channel := open(t)
	dead := declare(t, channel, nil)
	deaths := consume(t, channel, dead)
	toDead := func(arguments amqp.Table) amqp.Table {
		arguments["x-dead-letter-exchange"] = ""
		arguments["x-dead-letter-routing-key"] = dead
		return arguments
	}
	expectDeath := func(queue, reason string) {
		t.Helper()
		delivery := receive(t, deaths)
		history := delivery.Headers["x-death"].([]interface{})
		death := history[0].(amqp.Table)
		if len(history) != 1 || death["queue"] != queue || death["reason"] != reason ||
			death["count"] != int64(1) {
			t.Fatalf("got history %v", history)
		}
		if delivery.Headers["x-first-death-reason"] != reason {
			t.Fatalf("got headers %v", delivery.Headers)
		}
	}

	rejecting := declare(t, channel, toDead(amqp.Table{}))
	publish(t, channel, "", rejecting, body("x"))
	delivery, _, err := channel.Get(rejecting, false)
	must(t, err)
	must(t, delivery.Reject(false))
	expectDeath(rejecting, "rejected")

	expiring := declare(t, channel, toDead(amqp.Table{"x-message-ttl": int64(1)}))
	publish(t, channel, "", expiring, body("x"))
	expectDeath(expiring, "expired")

	full := declare(t, channel, toDead(amqp.Table{"x-max-length": 1}))
	publish(t, channel, "", full, body("1"))
	publish(t, channel, "", full, body("2"))
	expectDeath(full, "maxlen")
}

func TestHigherPrioritiesComeFirst(t *testing.T) {
	channel := open(t)
	queue := declare(t, channel, amqp.Table{"x-max-priority": 10})
	for _, message := range []amqp.Publishing{
		{Body: []byte("low")},
		{Body: []byte("high"), Priority: 9},
		{Body: []byte("middle"), Priority: 5},
	} {
		publish(t, channel, "", queue, message)
	}
	expectBodies(t, consume(t, channel, queue), "high", "middle", "low")
}

func TestPrefetchBoundsWhatIsNotAcked(t *testing.T) {
	channel := open(t)
	queue := declare(t, channel, nil)
	for _, text := range []string{"1", "2", "3", "4"} {
		publish(t, channel, "", queue, body(text))
	}
	must(t, channel.Qos(2, 0, false))
	deliveries := consume(t, channel, queue)
	first := receive(t, deliveries)
	receive(t, deliveries)

	// The answer to this comes after any third delivery would have.
	state, err := channel.QueueInspect(queue)
	must(t, err)
	if state.Messages != 2 || len(deliveries) != 0 {
		t.Fatalf("%d messages are ready and %d delivered", state.Messages, len(deliveries))
	}
	must(t, first.Ack(false))
	if got := receive(t, deliveries); string(got.Body) != "3" {
		t.Fatalf("got %q after one ack", got.Body)
	}
}

func TestNackedMessagesReturnToTheirPlaces(t *testing.T) {
	channel := open(t)
	queue := declare(t, channel, nil)
	for _, text := range []string{"1", "2", "3"} {
		publish(t, channel, "", queue, body(text))
	}
	var last amqp.Delivery
	for number := 0; number < 2; number++ {
		delivery, ok, err := channel.Get(queue, false)
		must(t, err)
		if !ok || delivery.Redelivered {
			t.Fatalf("got %v %+v", ok, delivery)
		}
		last = delivery
	}
	must(t, last.Nack(true, true))
	expectBodies(t, consume(t, channel, queue), "1", "2", "3")
}
