// After each look at the status: say the stage aloud when it is a new one, and set up the players of the result.
(() => {
  // The beginning of a result that is still being made, piece by piece. Once there is something to hear its player stays
  // until the result takes its place, and longer while somebody listens.
  const early = document.getElementById("early");
  const player = early?.querySelector("audio");
  let number = 0;
  let waiting = false;

  function next(ready) {
    waiting = number + 1 >= ready;
    if (waiting) return;
    number += 1;
    player.src = player.src.replace(/\d+\/$/, `${number}/`);
    player.play().catch(() => {});
  }

  function showEarly() {
    if (!early) return;
    const { ready, over } = document.getElementById("status").dataset;
    if (waiting) next(Number(ready));
    early.hidden = over === undefined ? ready === "0" : player.paused;
  }

  player?.addEventListener("ended", () => { next(Number(document.getElementById("status").dataset.ready)); showEarly(); });
  player?.addEventListener("pause", () => setTimeout(showEarly));
  let said = document.getElementById("status").dataset.words;
  document.addEventListener("htmx:afterSettle", () => {
    const words = document.getElementById("status").dataset.words;
    if (words !== said) document.getElementById("announce").textContent = words;
    said = words;
    showEarly();
    window.startComparison?.();
  });
})();
