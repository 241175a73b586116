package interop

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestMessagesSurviveTheirConsumersConnection(t *testing.T) {
	queue := newName("queue")
	setup := open(t)
	_, err := setup.QueueDeclare(queue, true, false, false, false, nil)
	must(t, err)
	defer setup.QueueDelete(queue, false, false, false)
	publish(t, setup, "", queue, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte("1")})

	// The broker closes this connection for a protocol error while a delivery is not acked.
	doomed := connect(t)
	closed := doomed.NotifyClose(make(chan *amqp.Error, 1))
	channel := openOn(t, doomed)
	if first := receive(t, consume(t, channel, queue)); first.Redelivered {
		t.Fatal("the first delivery says it is a redelivery")
	}
	must(t, channel.Publish("", "key", false, true, body("immediate is not supported")))
	receive(t, closed)

	again := receive(t, consume(t, open(t), queue))
	if string(again.Body) != "1" || !again.Redelivered {
		t.Fatalf("got %q, redelivered %v", again.Body, again.Redelivered)
	}
	must(t, again.Ack(false))
}

func TestAClosedConnectionsExclusiveQueueIsFreeAtOnce(t *testing.T) {
	queue := newName("queue")
	for attempt := 0; attempt < 20; attempt++ {
		connection := connect(t)
		_, err := openOn(t, connection).QueueDeclare(queue, false, false, true, false, nil)
		must(t, err)
		must(t, connection.Close())
	}
}
