// One box ticks all of the page, and says how many are ticked. Without this script each is ticked by itself.
(() => {
  const form = document.querySelector("[data-history]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  const boxes = () => [...form.querySelectorAll("[name=pick]")];

  function tell() {
    const ticked = boxes().filter((box) => box.checked).length;
    all.firstElementChild.checked = ticked === boxes().length;
    all.firstElementChild.indeterminate = ticked > 0 && ticked < boxes().length;
    count.textContent = ticked ? new Intl.NumberFormat(document.documentElement.lang).format(ticked) : "";
  }

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.firstElementChild.checked;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
})();
