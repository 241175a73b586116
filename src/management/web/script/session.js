// Who is logged in, and what their tags let them do: what they may not do is not shown. The server
// decides by itself; this only keeps buttons away that would be refused.

const IMPLIED = {
  administrator: ["administrator", "monitoring", "policymaker", "management"],
  monitoring: ["monitoring", "management"],
  policymaker: ["policymaker", "management"],
  management: ["management"],
};

export class Session {
  constructor(user) {
    this.name = user.name;
    const tags = Array.isArray(user.tags) ? user.tags : String(user.tags ?? "").split(",");
    this.tags = tags.map((tag) => tag.trim()).filter((tag) => tag !== "");
    this.rights = new Set(this.tags.flatMap((tag) => IMPLIED[tag] ?? []));
  }

  may(tag) {
    return this.rights.has(tag);
  }
}
