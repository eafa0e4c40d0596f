// The beginning of a result that is still being made, piece by piece, with the transport of the result itself. Once there
// is something to hear its player stays until the result takes its place, which goes on where one was.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const panel = document.getElementById("early");
  if (!panel) return;
  const audio = panel.querySelector("audio");
  const play = panel.querySelector("[data-play]");
  const use = play.querySelector("use");
  const facts = () => document.getElementById("status").dataset;
  let [number, before, wanted, waiting] = [0, 0, false, false];

  const now = () => before + (waiting ? 0 : audio.currentTime);

  function next() {
    if (number + 1 >= Number(facts().ready)) return;
    number += 1;
    waiting = false;
    audio.src = audio.src.replace(/\d+\/$/, `${number}/`);
    audio.play().catch(() => { wanted = false; });
  }

  function shown() {
    play.querySelector("span").textContent = wanted ? play.dataset.wordsPause : play.dataset.wordsPlay;
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, wanted ? "#pause" : "#play"));
    panel.querySelector("[data-now]").textContent = clock(now());
    panel.querySelector("[data-length]").textContent = clock(Number(facts().seconds));
    panel.querySelector("[data-waits]").hidden = !(wanted && waiting);
  }

  function toggle() {
    wanted = !wanted;
    if (!wanted) audio.pause();
    else if (waiting) next();
    else audio.play().catch(() => { wanted = false; });
    shown();
  }

  audio.addEventListener("play", () => { wanted = true; shown(); });
  audio.addEventListener("timeupdate", shown);
  audio.addEventListener("ended", () => {
    before += audio.duration;
    waiting = true;
    next();
    shown();
  });
  play.addEventListener("click", toggle);
  panel.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button")) return;
    event.preventDefault();
    toggle();
  });

  // After each look at the status. Where the result is there: what was heard last, if somebody listens.
  window.lookEarly = () => {
    const { ready, over } = facts();
    const more = now() < Number(facts().seconds) - 0.1;
    const heard = over !== undefined && wanted && more ? { seconds: now() } : undefined;
    if (over !== undefined) audio.pause();
    else if (wanted && waiting) next();
    const hidden = over !== undefined || ready === "0";
    if (panel.hidden && !hidden) document.getElementById("announce").textContent = panel.dataset.words;
    panel.hidden = hidden;
    shown();
    return heard;
  };
})();
