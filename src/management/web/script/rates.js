// The rates of message_stats: one list of what they are called, for charts, columns and cells.
import { dig, rate } from "./format.js";

// [field of message_stats, label]
export const MESSAGE_RATES = [["publish", "Publish"], ["deliver_get", "Deliver / get"], ["ack", "Ack"],
  ["confirm", "Confirm"], ["redeliver", "Redelivered"], ["return_unroutable", "Returned"],
  ["drop_unroutable", "Dropped"]];

export const QUEUE_RATES = [["publish", "Publish"], ["deliver", "Deliver"], ["deliver_no_ack", "Deliver, no ack"],
  ["get", "Get"], ["ack", "Ack"], ["redeliver", "Redelivered"]];

export const EXCHANGE_RATES = [["publish_in", "In"], ["publish_out", "Out"]];

export const rate_of = (row, field) => dig(row, `message_stats.${field}_details.rate`) ?? 0;

// A column of a table for a rate in message_stats.
export const rate_column = (field, title, long, more = {}) => ({
  key: field, title, long, number: true, sort: `message_stats.${field}_details.rate`,
  text: (row) => rate(rate_of(row, field)), ...more,
});
