// Hear a voice before it is chosen: one at a time, by the button on its card.
(() => {
  const audio = new Audio();
  let pressed = null;

  function press(button) {
    pressed?.setAttribute("aria-pressed", "false");
    pressed = button;
    pressed?.setAttribute("aria-pressed", "true");
  }

  for (const kind of ["ended", "error"]) audio.addEventListener(kind, () => press(null));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-hear]");
    if (!button) return;
    audio.pause();
    if (button === pressed) { press(null); return; }
    press(button);
    audio.src = button.dataset.hear;
    audio.play().catch(() => press(null));
  });
})();
