// A stretch that is played again and again: dragged over a wave or a picture, or set with keys and buttons at the place
// where one is. A click without a drag goes there.
(() => {
  const SHORTEST = 0.1; // seconds
  const DRAGGED = 4; // pixels
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

  class Loop {
    constructor(player) {
      this.player = player;
      this.words = player.panel.querySelector("[data-loop-words]");
      this.clearer = player.panel.querySelector("[data-loop-clear]");
      this.bands = [...player.panel.querySelectorAll("[data-surface]")].map((surface) => this.band(surface));
      player.watch(() => this.keep());
      for (const { audio } of Object.values(player.tracks)) audio.addEventListener("ended", () => this.again(audio));
    }

    band(surface) {
      const band = document.createElement("div");
      band.className = "band";
      band.hidden = true;
      surface.append(band);
      return band;
    }

    get on() { return this.end !== undefined; }

    set(start, end) {
      const { length } = this.player;
      const [first, last] = [Math.max(0, Math.min(start, end)), Math.min(length, Math.max(start, end))];
      if (last - first < SHORTEST) return;
      [this.start, this.end] = [first, last];
      if (this.player.now < first || this.player.now >= last) this.player.seek(first);
      this.shown();
    }

    from(seconds) { this.set(seconds, this.on && this.end > seconds + SHORTEST ? this.end : this.player.length); }
    to(seconds) { this.set(this.on && this.start < seconds - SHORTEST ? this.start : 0, seconds); }

    clear() {
      if (!this.on) return false;
      this.start = this.end = undefined;
      this.shown();
      return true;
    }

    // Only while it plays: whoever goes elsewhere may look around there.
    keep() {
      if (this.on && this.player.playing && this.player.now >= this.end) this.player.seek(this.start);
    }

    again(audio) {
      if (!this.on || audio !== this.player.live) return;
      this.player.seek(this.start);
      this.player.play();
    }

    shown() {
      const { on, off } = this.words.dataset;
      this.words.textContent = this.on ? on.replace("[start]", clock(this.start)).replace("[end]", clock(this.end)) : off;
      this.clearer.disabled = !this.on;
      this.draw(this.start, this.end);
    }

    draw(start, end) {
      const share = (seconds) => `${(100 * seconds) / (this.player.length || 1)}%`;
      for (const band of this.bands) {
        band.hidden = end === undefined;
        if (!band.hidden) Object.assign(band.style, { left: share(Math.min(start, end)), width: share(Math.abs(end - start)) });
      }
    }
  }

  function addPointer(player, loop, surface) {
    let from;
    const at = (event) => {
      const { left, width } = surface.getBoundingClientRect();
      return Math.max(0, Math.min(1, (event.clientX - left) / width)) * player.length;
    };
    const dragged = (event) => Math.abs(event.clientX - from.x) >= DRAGGED;
    surface.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      from = { x: event.clientX, seconds: at(event) };
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener("pointermove", (event) => { if (from && dragged(event)) loop.draw(from.seconds, at(event)); });
    surface.addEventListener("pointerup", (event) => {
      if (!from) return;
      if (dragged(event)) loop.set(from.seconds, at(event));
      else player.choose(surface.dataset.surface, at(event));
      loop.draw(loop.start, loop.end);
      from = undefined;
    });
    surface.addEventListener("pointercancel", () => { from = undefined; loop.draw(loop.start, loop.end); });
  }

  window.addLoop = (player) => {
    const { panel } = player;
    const loop = new Loop(player);
    for (const surface of panel.querySelectorAll("[data-surface]")) addPointer(player, loop, surface);
    panel.querySelector("[data-loop-start]").addEventListener("click", () => loop.from(player.now));
    panel.querySelector("[data-loop-end]").addEventListener("click", () => loop.to(player.now));
    loop.clearer.addEventListener("click", () => { loop.clear(); panel.focus(); });
    panel.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
      if (event.key === "Escape") loop.clear();
      else if (event.key.toLowerCase() === "i") loop.from(player.now);
      else if (event.key.toLowerCase() === "o") loop.to(player.now);
    });
  };
})();
