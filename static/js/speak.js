// The text of the studio: how long it is, and what a speaker sounds like before the voice is put on.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
  const number = new Intl.NumberFormat(document.documentElement.lang || "en");

  function count(text) {
    const line = text.parentElement.querySelector("[data-count]");
    const length = [...text.value.replaceAll("\r\n", "\n")].length; // characters, as the server counts them
    const most = Number(text.dataset.most);
    line.textContent = (length ? line.dataset.sayAbout : line.dataset.say).replace("{length}", number.format(length))
      .replace("{most}", number.format(most)).replace("{time}", clock(length / Number(text.dataset.pace)));
    line.classList.toggle("over", length > most);
  }

  function sampler(root) {
    const button = root.querySelector("[data-sample]");
    const who = root.querySelector("[name=who]");
    const words = root.querySelector("[data-sample-words]");
    const audio = new Audio();
    const say = (name) => { words.textContent = name ? words.dataset[name] : ""; };
    const label = (name) => { button.querySelector("span").textContent = button.dataset[name]; };
    const choose = () => { audio.pause(); button.disabled = !who.value; say(who.value ? "" : "sayChoose"); };
    audio.addEventListener("playing", () => { say(""); label("sayStop"); });
    for (const kind of ["pause", "ended", "error"]) audio.addEventListener(kind, () => label("sayHear"));
    audio.addEventListener("error", () => say("sayNone"));
    button.addEventListener("click", () => {
      if (!audio.paused) { audio.pause(); return; }
      say("sayWait");
      audio.src = `${button.dataset.sample}?who=${encodeURIComponent(who.value)}`;
      audio.play().catch(() => {});
    });
    who.addEventListener("change", choose);
    choose();
  }

  function start(root) {
    const text = root.querySelector("[data-text]");
    text.addEventListener("input", () => count(text));
    count(text);
    sampler(root);
  }

  document.addEventListener("form:replaced", (event) => { if (event.detail.matches("[data-studio]")) start(event.detail); });
  const root = document.querySelector("[data-studio]");
  if (root) start(root);
})();
