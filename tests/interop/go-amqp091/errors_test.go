package interop

import (
	"fmt"
	"os"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestErrorsCloseOnlyTheirChannel(t *testing.T) {
	connection := connect(t)
	missing := newName("missing")
	existing := declare(t, openOn(t, connection), amqp.Table{"x-max-length": 5})
	tests := map[string]struct {
		code   int
		reason string
		cause  func(channel *amqp.Channel) error
	}{
		"a missing queue": {
			404, fmt.Sprintf("NOT_FOUND - no queue '%s' in vhost '/'", missing),
			func(channel *amqp.Channel) error {
				_, err := channel.QueueInspect(missing)
				return err
			},
		},
		"another argument": {
			406, fmt.Sprintf("PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue "+
				"'%s' in vhost '/': received '6' but current is '5'", existing),
			func(channel *amqp.Channel) error {
				_, err := channel.QueueDeclare(existing, false, false, true, false,
					amqp.Table{"x-max-length": 6})
				return err
			},
		},
		"the default exchange": {
			403, "ACCESS_REFUSED - operation not permitted on the default exchange",
			func(channel *amqp.Channel) error {
				return channel.ExchangeDelete("", false, false)
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			expectError(t, test.cause(openOn(t, connection)), test.code, test.reason)
			if connection.IsClosed() {
				t.Fatal("the connection was closed")
			}
		})
	}
}

func TestAnotherConnectionMayNotUseAnExclusiveQueue(t *testing.T) {
	queue := declare(t, open(t), nil)
	_, err := open(t).QueueDeclare(queue, false, false, false, false, nil)
	text := "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue +
		"' in vhost '/'. It could be originally declared on another connection or the exclusive " +
		"property value does not match that of the original declaration."
	if len(text) > 255 {
		text = text[:252] + "..."
	}
	expectError(t, err, 405, text)
}

func TestImmediateClosesTheConnection(t *testing.T) {
	connection := connect(t)
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	must(t, openOn(t, connection).Publish("", "key", false, true, body("x")))
	expectError(t, receive(t, closed), 540, "NOT_IMPLEMENTED - immediate=true")
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	uri, err := amqp.ParseURI(os.Getenv("AMQP_TEST_URL"))
	must(t, err)
	uri.Password = "wrong"
	connection, err := amqp.Dial(uri.String())
	if connection != nil {
		connection.Close()
	}
	expectError(t, err, 403, "username or password not allowed") // the client's own words
}

func TestTheConsumerIsToldWhenItsQueueIsDeleted(t *testing.T) {
	connection := connect(t)
	channel := openOn(t, connection)
	queue := declare(t, channel, nil)
	cancels := channel.NotifyCancel(make(chan string, 1))
	_, err := channel.Consume(queue, "the-consumer", false, false, false, false, nil)
	must(t, err)
	_, err = openOn(t, connection).QueueDelete(queue, false, false, false)
	must(t, err)
	if tag := receive(t, cancels); tag != "the-consumer" {
		t.Fatalf("got the cancellation of %q", tag)
	}
}
