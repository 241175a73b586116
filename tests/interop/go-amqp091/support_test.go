package interop

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Anything that does not happen in this time does not happen.
const deadline = 20 * time.Second

var names atomic.Uint64

func newName(what string) string {
	return fmt.Sprintf("interop.go.%s.%d.%d", what, os.Getpid(), names.Add(1))
}

func connect(t *testing.T) *amqp.Connection {
	t.Helper()
	connection, err := amqp.Dial(os.Getenv("AMQP_TEST_URL"))
	must(t, err)
	t.Cleanup(func() { connection.Close() })
	return connection
}

func open(t *testing.T) *amqp.Channel {
	t.Helper()
	return openOn(t, connect(t))
}

func openOn(t *testing.T, connection *amqp.Connection) *amqp.Channel {
	t.Helper()
	channel, err := connection.Channel()
	must(t, err)
	return channel
}

// declare makes an exclusive queue.
func declare(t *testing.T, channel *amqp.Channel, arguments amqp.Table) string {
	t.Helper()
	queue, err := channel.QueueDeclare(newName("queue"), false, false, true, false, arguments)
	must(t, err)
	return queue.Name
}

// The confirmations of channels that publish was used with. (This release of the client may miss
// the end of a DeferredConfirmation that is faster than its registration.)
var listeners = map[*amqp.Channel]chan amqp.Confirmation{}

// publish returns once the broker has confirmed the message.
func publish(t *testing.T, channel *amqp.Channel, exchange, key string, message amqp.Publishing) {
	t.Helper()
	must(t, channel.Confirm(false))
	listener, listening := listeners[channel]
	if !listening {
		listener = channel.NotifyPublish(make(chan amqp.Confirmation, 1))
		listeners[channel] = listener
	}
	must(t, channel.Publish(exchange, key, false, false, message))
	if !receive(t, listener).Ack {
		t.Fatalf("the broker nacked %q", message.Body)
	}
}

func body(text string) amqp.Publishing {
	return amqp.Publishing{Body: []byte(text)}
}

func consume(t *testing.T, channel *amqp.Channel, queue string) <-chan amqp.Delivery {
	t.Helper()
	deliveries, err := channel.Consume(queue, "", false, false, false, false, nil)
	must(t, err)
	return deliveries
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value, ok := <-from:
		if !ok {
			t.Fatal("the channel was closed while something was expected from it")
		}
		return value
	case <-time.After(deadline):
		t.Fatal("nothing arrived in time")
	}
	panic("unreachable")
}

// expectBodies receives and acknowledges messages with these bodies.
func expectBodies(t *testing.T, deliveries <-chan amqp.Delivery, bodies ...string) {
	t.Helper()
	for _, want := range bodies {
		delivery := receive(t, deliveries)
		if string(delivery.Body) != want {
			t.Fatalf("got message %q, want %q", delivery.Body, want)
		}
		must(t, delivery.Ack(false))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expectError(t *testing.T, err error, code int, reason string) {
	t.Helper()
	var failure *amqp.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want an AMQP error", err)
	}
	if failure.Code != code || failure.Reason != reason {
		t.Fatalf("got %d %q, want %d %q", failure.Code, failure.Reason, code, reason)
	}
}
