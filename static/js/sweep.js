// The players of a comparison on one clock: keys choose another setting, which goes on where the one before was.
(() => {
  function start() {
    const panel = document.querySelector("[data-sweep]");
    if (!panel || panel.dataset.started) return;
    panel.dataset.started = "yes";
    const cells = [...panel.querySelectorAll("[data-cell]")].filter((cell) => cell.querySelector("audio"));
    if (!cells.length) return;
    for (const hidden of panel.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
    let live = cells[0];
    let before = cells[1] ?? cells[0];
    const sound = (cell) => cell.querySelector("audio");
    const columns = cells[0].parentElement.children.length;

    const show = () => {
      for (const cell of cells) cell.classList.toggle("live", cell === live);
      panel.querySelector("[data-heard]").textContent = sound(live).getAttribute("aria-label");
    };
    const choose = (cell) => {
      if (!cell || cell === live) return;
      const playing = !sound(live).paused;
      const at = sound(live).currentTime;
      sound(live).pause();
      [before, live] = [live, cell];
      sound(live).currentTime = at;
      if (playing) sound(live).play().catch(() => {});
      show();
    };
    const step = (by) => cells[cells.indexOf(live) + by];

    for (const cell of cells) {
      sound(cell).addEventListener("play", () => {
        if (cell === live) return;
        sound(live).pause();
        [before, live] = [live, cell];
        show();
      });
    }
    const verbs = {
      " ": () => (sound(live).paused ? sound(live).play().catch(() => {}) : sound(live).pause()),
      x: () => choose(before),
      arrowright: () => choose(step(1)),
      arrowleft: () => choose(step(-1)),
      arrowdown: () => choose(step(columns)),
      arrowup: () => choose(step(-columns)),
    };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button, a, audio, summary")) return;
      const number = cells.find((cell) => cell.dataset.cell === event.key);
      const verb = number ? () => choose(number) : verbs[event.key.toLowerCase()];
      if (!verb) return;
      event.preventDefault();
      verb();
    });
    show();
  }
  start();
  document.addEventListener("htmx:afterSettle", start);
})();
