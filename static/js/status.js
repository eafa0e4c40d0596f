// After each look at the status: say the stage aloud when it is a new one, and set up the players of the result.
(() => {
  // The beginning of a result that is still being made. Once there is something to hear its player stays until the
  // result takes its place, and longer while somebody listens.
  function showEarly() {
    const early = document.getElementById("early");
    if (!early) return;
    const ready = Number(document.getElementById("status").dataset.ready || 0);
    const over = document.getElementById("status").dataset.ready === "";
    const audio = early.querySelector("audio");
    early.hidden = over ? audio.paused : ready === 0;
    if (over) audio.addEventListener("pause", () => { early.hidden = true; }, { once: true });
  }
  let said = document.getElementById("status").dataset.words;
  document.addEventListener("htmx:afterSettle", () => {
    const words = document.getElementById("status").dataset.words;
    if (words !== said) document.getElementById("announce").textContent = words;
    said = words;
    showEarly();
    window.startComparison?.();
  });
})();
