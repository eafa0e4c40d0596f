// After each look at the status: say the stage aloud when it is a new one, and set up the players of the result.
(() => {
  let said = document.getElementById("status").dataset.words;
  document.addEventListener("htmx:afterSettle", () => {
    const { words } = document.getElementById("status").dataset;
    if (words !== said) document.getElementById("announce").textContent = words;
    said = words;
    const heard = window.lookEarly?.();
    window.startComparison?.(heard);
  });
})();
