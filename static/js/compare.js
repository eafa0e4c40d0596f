// Recording and result on one clock: play, seek, and switch between them without losing the place. What else knows the
// clock (the loop, the spectra) is told of every move; one click or key anywhere moves all of them.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const toneOf = (name) => {
    const probe = document.createElement("span");
    probe.className = `tone-${name}`;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };

  // The two sounds of a panel as one: exactly one of them is live.
  class Player {
    constructor(panel) {
      this.panel = panel;
      this.side = "b";
      this.tracks = {};
      this.watchers = [];
      for (const element of panel.querySelectorAll("[data-track]")) this.add(element, element.dataset.track);
    }

    add(element, name) {
      const audio = element.querySelector("audio");
      this.tracks[name] = { element, audio };
      const tone = toneOf(name);
      const look = { waveColor: tone, progressColor: tone, cursorWidth: 0, interact: false };
      const wave = window.drawWave(element.querySelector("[data-wave]"), audio, look);
      // A recording that this browser cannot decode keeps its plain player.
      wave.on("decode", () => element.classList.add("drawn"));
      wave.on("error", () => {
        element.classList.add("plain");
        element.querySelector("[data-surface]").remove();
      });
      audio.addEventListener("timeupdate", () => audio === this.live && this.moved());
      for (const kind of ["play", "pause", "ended"]) audio.addEventListener(kind, () => audio === this.live && this.turned());
    }

    get live() { return this.tracks[this.side].audio; }
    get playing() { return !this.live.paused; }
    get now() { return this.live.currentTime; }
    get length() { return this.tracks.b.audio.duration || this.live.duration || 0; }

    watch(watcher) { this.watchers.push(watcher); }
    moved() { for (const watcher of this.watchers) watcher(this); }

    turned() {
      this.moved();
      if (this.playing) requestAnimationFrame(() => this.tick());
    }

    tick() {
      this.moved();
      if (this.playing) requestAnimationFrame(() => this.tick());
    }

    toggle() { if (this.playing) this.live.pause(); else this.play(); }
    play() { this.live.play().catch(() => {}); }

    seek(seconds) {
      this.live.currentTime = Math.max(0, Math.min(seconds, this.live.duration || seconds));
      this.moved();
    }

    choose(side, seconds = this.now) {
      const { playing } = this;
      this.live.pause();
      this.side = side;
      this.seek(seconds);
      if (playing) this.play();
      this.moved();
    }
  }

  // A line over each wave and each picture, where one is.
  function addCursors(player) {
    const cursors = [...player.panel.querySelectorAll("[data-surface]")].map((surface) => {
      const cursor = document.createElement("div");
      cursor.className = "cursor";
      surface.append(cursor);
      return cursor;
    });
    player.watch(() => {
      const place = `${(100 * player.now) / (player.length || 1)}%`;
      for (const cursor of cursors) cursor.style.left = place;
    });
  }

  function addTransport(player) {
    const { panel } = player;
    const play = panel.querySelector("[data-play]");
    const use = play.querySelector("use");
    play.addEventListener("click", () => player.toggle());
    for (const button of panel.querySelectorAll("[data-side]")) button.addEventListener("click", () => player.choose(button.dataset.side));
    player.watch(() => {
      play.querySelector("span").textContent = player.playing ? play.dataset.wordsPause : play.dataset.wordsPlay;
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, player.playing ? "#pause" : "#play"));
      for (const [name, track] of Object.entries(player.tracks)) track.element.classList.toggle("live", name === player.side);
      for (const button of panel.querySelectorAll("[data-side]")) button.setAttribute("aria-pressed", button.dataset.side === player.side);
      panel.querySelector("[data-now]").textContent = clock(player.now);
      panel.querySelector("[data-length]").textContent = clock(player.length);
    });
    for (const { audio } of Object.values(player.tracks)) audio.addEventListener("loadedmetadata", () => player.moved());
  }

  function addKeys(player) {
    const step = (event) => (event.shiftKey ? 5 : 1);
    const verbs = {
      x: () => player.choose(player.side === "b" ? "a" : "b"),
      arrowleft: (event) => player.seek(player.now - step(event)),
      arrowright: (event) => player.seek(player.now + step(event)),
    };
    player.panel.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, audio")) return;
      const verb = verbs[event.key.toLowerCase()];
      if (verb) verb(event);
      else if (event.key === " " && !event.target.closest("button, a, summary")) player.toggle();
      else return;
      event.preventDefault();
    });
  }

  // `heard`: what somebody listens to at the moment while it was made, to go on from there.
  window.startComparison = (heard) => document.querySelectorAll("[data-compare]:not(.ready)").forEach((panel) => {
    panel.classList.add("ready");
    const player = new Player(panel);
    addCursors(player);
    addTransport(player);
    addKeys(player);
    window.addLoop(player);
    window.addSpectra(player);
    for (const part of panel.querySelectorAll("[data-needs-script]")) part.hidden = false;
    player.moved();
    if (!heard) return;
    player.seek(heard.seconds);
    player.play();
  });
  document.addEventListener("DOMContentLoaded", () => window.startComparison());
})();
