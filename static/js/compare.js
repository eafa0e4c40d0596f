// Recording and result on one clock: play, seek, and switch between them without losing the place.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const colour = (name) => {
    const probe = document.createElement("span");
    probe.className = `tone-${name}`;
    document.body.append(probe);
    const { color, backgroundColor } = getComputedStyle(probe);
    probe.remove();
    return { waveColor: backgroundColor, progressColor: color, cursorColor: color };
  };

  function comparison(panel) {
    const tracks = {};
    for (const element of panel.querySelectorAll("[data-track]")) {
      const audio = element.querySelector("audio");
      tracks[element.dataset.track] = { element, audio };
      const wave = window.drawWave(element.querySelector("[data-wave]"), audio, colour(element.dataset.track));
      wave.on("interaction", (seconds) => choose(element.dataset.track, seconds));
      // A recording that this browser cannot decode keeps its plain player.
      wave.on("decode", () => element.classList.add("drawn"));
      wave.on("error", () => element.querySelector("[data-wave]").remove());
      audio.addEventListener("timeupdate", () => moved(audio));
      for (const kind of ["play", "pause", "ended"]) audio.addEventListener(kind, () => shown());
    }
    const play = panel.querySelector("[data-play]");
    let side = "b";

    const live = () => tracks[side].audio;
    function moved(audio) {
      if (audio === live()) panel.querySelector("[data-now]").textContent = clock(audio.currentTime);
    }
    function shown() {
      const playing = !live().paused;
      play.querySelector("span").textContent = playing ? "Pause" : "Play";
      const use = play.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, playing ? "#pause" : "#play"));
      for (const [name, track] of Object.entries(tracks)) track.element.classList.toggle("live", name === side);
      for (const button of panel.querySelectorAll("[data-side]")) button.setAttribute("aria-pressed", button.dataset.side === side);
    }
    function choose(name, seconds = live().currentTime) {
      const playing = !live().paused;
      live().pause();
      side = name;
      live().currentTime = Math.min(seconds, live().duration || seconds);
      if (playing) live().play();
      shown();
      moved(live());
    }
    const toggle = () => (live().paused ? live().play() : live().pause());

    play.addEventListener("click", toggle);
    for (const button of panel.querySelectorAll("[data-side]")) button.addEventListener("click", () => choose(button.dataset.side));
    panel.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
      if (event.key === "x" || event.key === "X") choose(side === "b" ? "a" : "b");
      else if (event.key === " " && !event.target.closest("button, a, summary, audio")) { event.preventDefault(); toggle(); }
    });
    panel.querySelector("[data-needs-script]").hidden = false;
    panel.querySelector("[data-length]").textContent = clock(live().duration || 0);
    live().addEventListener("loadedmetadata", () => { panel.querySelector("[data-length]").textContent = clock(live().duration); });
    shown();
  }

  window.startComparison = () => document.querySelectorAll("[data-compare]:not(.ready)").forEach((panel) => {
    panel.classList.add("ready");
    comparison(panel);
  });
  window.startComparison();
})();
