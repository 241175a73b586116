// What a node uses of what it has.
import { h } from "./dom.js";
import { bytes, number } from "./format.js";
import { Meter } from "./parts.js";

export class NodeMeters {
  memory = new Meter("Memory");
  disk = new Meter("Disk free");
  files = new Meter("File descriptors");
  sockets = new Meter("Connections");
  element = h("div", { class: "meters" },
    [this.memory, this.disk, this.files, this.sockets].map((meter) => meter.element));

  show(node) {
    const of = (used, all, words) => `${words(used)} of ${words(all)}`;
    this.memory.show(of(node.mem_used, node.mem_limit, bytes), node.mem_used / node.mem_limit, node.mem_alarm);
    // The other way round: what is free must stay above its limit.
    this.disk.show(`${bytes(node.disk_free)}, limit ${bytes(node.disk_free_limit)}`,
      node.disk_free > 0 ? 1 - node.disk_free_limit / node.disk_free : 0, node.disk_free_alarm);
    this.files.show(of(node.fd_used, node.fd_total, number), node.fd_used / node.fd_total,
      node.fd_used / node.fd_total > 0.9);
    this.sockets.show(of(node.sockets_used, node.sockets_total, number), node.sockets_used / node.sockets_total,
      node.sockets_used / node.sockets_total > 0.9);
  }
}
