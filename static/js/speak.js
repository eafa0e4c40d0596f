// The text page: how long the text is, and what a speaker sounds like before the voice is put on.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
  const number = new Intl.NumberFormat("en");

  function count(text) {
    const line = text.parentElement.querySelector("[data-count]");
    const length = [...text.value.replaceAll("\r\n", "\n")].length; // characters, as the server counts them
    const most = Number(text.dataset.most);
    const about = length ? `, about ${clock(length / Number(text.dataset.pace))}` : "";
    line.textContent = `${number.format(length)} of ${number.format(most)} characters${about}`;
    line.classList.toggle("over", length > most);
  }

  function sampler(form) {
    const button = form.querySelector("[data-sample]");
    const who = form.querySelector("[name=who]");
    const words = form.querySelector("[data-sample-words]");
    const audio = new Audio();
    const say = (text) => { words.textContent = text; };
    const label = (text) => { button.querySelector("span").textContent = text; };
    const choose = () => { audio.pause(); button.disabled = !who.value; say(who.value ? "" : "Choose somebody to hear a sample."); };
    audio.addEventListener("playing", () => { say(""); label("Stop"); });
    for (const kind of ["pause", "ended", "error"]) audio.addEventListener(kind, () => label("Hear a sample"));
    audio.addEventListener("error", () => say("There is no sample of this speaker at the moment."));
    button.addEventListener("click", () => {
      if (!audio.paused) { audio.pause(); return; }
      say("Just a moment");
      audio.src = `${button.dataset.sample}?who=${encodeURIComponent(who.value)}`;
      audio.play().catch(() => {});
    });
    who.addEventListener("change", choose);
    choose();
  }

  function start(form) {
    const text = form.querySelector("[data-text]");
    text.addEventListener("input", () => count(text));
    count(text);
    sampler(form);
  }

  document.addEventListener("form:replaced", (event) => start(event.detail));
  const form = document.getElementById("convert-form");
  if (form) start(form);
})();
