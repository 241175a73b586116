// Asks the page to look again every few seconds, one look at a time, and not while nobody sees it.
import { choices } from "./settings.js";

export const INTERVALS = [[5, "every 5 s"], [15, "every 15 s"], [60, "every minute"], [0, "off"]];

export class Refresher {
  #timer = null;
  #running = null;

  // look: () => Promise; told(outcome): called after each with undefined or what it threw.
  constructor(look, told) {
    this.look = look;
    this.told = told;
    const chosen = Number(choices.get("refresh") ?? 5);
    this.seconds = INTERVALS.some(([seconds]) => seconds === chosen) ? chosen : 5;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
      else this.now();
    });
  }

  choose(seconds) {
    this.seconds = seconds;
    choices.set("refresh", String(seconds));
    this.#plan();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  // Looks now; whoever asks during a look gets one that starts after it.
  async now() {
    this.stop();
    while (this.#running) await this.#running;
    this.#running = this.#once();
    await this.#running;
  }

  async #once() {
    let failure;
    try {
      await this.look();
    } catch (thrown) {
      failure = thrown;
    }
    this.#running = null;
    this.told(failure);
    this.#plan();
  }

  #plan() {
    this.stop();
    if (this.seconds > 0 && !document.hidden) {
      this.#timer = setTimeout(() => this.now(), this.seconds * 1000);
    }
  }
}
