// What is special about a queue or an exchange, in a few letters each, as RabbitMQ's page has them.
import { any, is_empty, pairs } from "./format.js";

// Key of an argument → type that its value has.
export const QUEUE_ARGUMENTS = {
  "x-message-ttl": "number", "x-expires": "number", "x-max-length": "number", "x-max-length-bytes": "number",
  "x-overflow": "string", "x-dead-letter-exchange": "string", "x-dead-letter-routing-key": "string",
  "x-max-priority": "number", "x-single-active-consumer": "boolean", "x-delivery-limit": "number",
  "x-queue-mode": "string", "x-dead-letter-strategy": "string", "x-queue-type": "string",
};

const SHORT = [["message-ttl", "TTL"], ["expires", "Exp"], ["max-length", "Lim"], ["max-length-bytes", "Lim B"],
  ["overflow", "Ovfl"], ["dead-letter-exchange", "DLX"], ["dead-letter-routing-key", "DLK"],
  ["max-priority", "Pri"], ["single-active-consumer", "SAC"], ["delivery-limit", "DL"]];

// [[letters, explanation], …]
export function queue_features(queue) {
  const found = [];
  const own = queue.arguments ?? {};
  const policy = queue.effective_policy_definition ?? {};
  if (queue.durable) found.push(["D", "durable"]);
  if (queue.auto_delete) found.push(["AD", "auto-delete"]);
  if (queue.exclusive) found.push(["Excl", "exclusive"]);
  for (const [key, letters] of SHORT) {
    if (own[`x-${key}`] !== undefined) found.push([letters, `x-${key}: ${any(own[`x-${key}`])}`]);
    else if (policy[key] !== undefined) found.push([letters, `${key}: ${any(policy[key])}, by policy`]);
  }
  const rest = Object.keys(own).filter((key) => key !== "x-queue-type" && !SHORT.some(([s]) => key === `x-${s}`));
  if (rest.length > 0) found.push(["Args", rest.map((key) => `${key}: ${any(own[key])}`).join(", ")]);
  if (queue.policy) found.push([queue.policy, `policy ${queue.policy}`]);
  if (queue.operator_policy) found.push([queue.operator_policy, `operator policy ${queue.operator_policy}`]);
  return found;
}

export function exchange_features(exchange) {
  const found = [];
  if (exchange.durable) found.push(["D", "durable"]);
  if (exchange.auto_delete) found.push(["AD", "auto-delete"]);
  if (exchange.internal) found.push(["I", "internal: clients may not publish to it"]);
  if (exchange.arguments?.["alternate-exchange"] !== undefined) {
    found.push(["AE", `alternate-exchange: ${any(exchange.arguments["alternate-exchange"])}`]);
  } else if (!is_empty(exchange.arguments)) {
    found.push(["Args", pairs(exchange.arguments)]);
  }
  if (exchange.policy) found.push([exchange.policy, `policy ${exchange.policy}`]);
  return found;
}

// RabbitMQ says "running" and when the queue became idle.
export const queue_state = (queue) => (queue.paused === true ? "paused" :
  queue.state === "running" && queue.idle_since ? "idle" : (queue.state ?? ""));
