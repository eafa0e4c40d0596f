// The players of a comparison on one clock: keys choose another setting, which goes on where the one before was. Cells
// may come while others are heard. The recording is the whole file, of which only the clip is played.
(() => {
  const panel = document.querySelector("[data-sweep]");
  if (!panel) return;
  const sound = (cell) => cell.querySelector("audio");
  const cells = () => [...panel.querySelectorAll("table [data-cell]")].filter(sound);
  const original = panel.querySelector(".original");
  const columns = panel.querySelector("tr").children.length;
  const from = (cell) => Number(cell.dataset.from ?? 0);
  let live = cells()[0] ?? original;
  let before = cells()[1] ?? original ?? live;

  const now = () => Math.max(0, sound(live).currentTime - from(live));
  const show = () => {
    live ??= cells()[0];
    before ??= live;
    for (const cell of panel.querySelectorAll("[data-cell]")) cell.classList.toggle("live", cell === live);
    if (live) panel.querySelector("[data-heard]").textContent = sound(live).getAttribute("aria-label");
  };
  const take = (cell) => {
    sound(live).pause();
    [before, live] = [live, cell];
    show();
  };
  const choose = (cell) => {
    if (!cell || cell === live) return;
    const [playing, at] = [!sound(live).paused, now()];
    take(cell);
    sound(cell).currentTime = at + from(cell);
    if (playing) sound(cell).play().catch(() => {});
  };
  // By their place in the table, some of which may not be there yet.
  const step = (by) => {
    if (live === original) return by > 0 ? cells()[0] : undefined;
    const all = [...panel.querySelectorAll("table [data-cell]")];
    const wanted = all[all.indexOf(live) + by];
    return wanted ? (sound(wanted) ? wanted : undefined) : by < 0 ? original : undefined;
  };
  const verbs = {
    " ": () => (sound(live).paused ? sound(live).play().catch(() => {}) : sound(live).pause()),
    0: () => choose(original),
    x: () => choose(before),
    arrowright: () => choose(step(1)),
    arrowleft: () => choose(step(-1)),
    arrowdown: () => choose(step(columns)),
    arrowup: () => choose(step(-columns)),
  };

  function clip(audio) {
    const [start, end] = [from(original), from(original) + Number(original.dataset.length)];
    if (audio.currentTime < end && audio.currentTime >= start - 0.1) return;
    if (audio.currentTime >= end) audio.pause();
    audio.currentTime = start;
  }

  panel.addEventListener("play", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell !== live) take(cell);
  }, true);
  if (original) sound(original).addEventListener("timeupdate", (event) => clip(event.target));
  document.addEventListener("keydown", (event) => {
    if (!live || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button, a, audio, summary")) return;
    const number = cells().find((cell) => cell.dataset.cell === event.key);
    const verb = number ? () => choose(number) : verbs[event.key.toLowerCase()];
    if (!verb) return;
    event.preventDefault();
    verb();
  });
  for (const hidden of panel.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  document.addEventListener("htmx:afterSettle", show);
  show();
})();
