package interop

import (
	"bytes"
	"strconv"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestManyUnconfirmedPublishesAreAllConfirmedInOrder(t *testing.T) {
	const count = 1000
	channel := open(t)
	queue := declare(t, channel, nil)
	must(t, channel.Confirm(false))
	confirmations := channel.NotifyPublish(make(chan amqp.Confirmation, count))

	for number := 0; number < count; number++ {
		must(t, channel.Publish("", queue, false, false, body(strconv.Itoa(number))))
	}
	for tag := uint64(1); tag <= count; tag++ {
		if got := receive(t, confirmations); !got.Ack || got.DeliveryTag != tag {
			t.Fatalf("got confirmation %+v, want an ack of %d", got, tag)
		}
	}

	deliveries := consume(t, channel, queue)
	for number := 0; number < count; number++ {
		expectBodies(t, deliveries, strconv.Itoa(number))
	}
}

func TestAMandatoryMessageWithoutRouteComesBackBeforeItsConfirm(t *testing.T) {
	channel := open(t)
	must(t, channel.Confirm(false))
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	confirmations := channel.NotifyPublish(make(chan amqp.Confirmation, 1))
	key := newName("nowhere")

	must(t, channel.Publish("", key, true, false, body("x")))

	if !receive(t, confirmations).Ack {
		t.Fatal("an unroutable message is acked")
	}
	select {
	case got := <-returns:
		if got.ReplyCode != 312 || got.ReplyText != "NO_ROUTE" || got.RoutingKey != key {
			t.Fatalf("got return %+v", got)
		}
	default:
		t.Fatal("the message was confirmed before it was returned")
	}
}

func TestAFullQueueThatRejectsNacksWhatDoesNotFit(t *testing.T) {
	channel := open(t)
	queue := declare(t, channel, amqp.Table{"x-max-length": 2, "x-overflow": "reject-publish"})
	must(t, channel.Confirm(false))
	confirmations := channel.NotifyPublish(make(chan amqp.Confirmation, 4))
	for number := 0; number < 4; number++ {
		must(t, channel.Publish("", queue, false, false, body(strconv.Itoa(number))))
	}
	for tag := uint64(1); tag <= 4; tag++ {
		want := amqp.Confirmation{DeliveryTag: tag, Ack: tag <= 2}
		if got := receive(t, confirmations); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestALargeBodyArrivesWhole(t *testing.T) {
	channel := open(t)
	queue := declare(t, channel, nil)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	publish(t, channel, "", queue, amqp.Publishing{Body: sent})
	if got := receive(t, consume(t, channel, queue)); !bytes.Equal(got.Body, sent) {
		t.Fatalf("got another body of %d bytes", len(got.Body))
	}
}
