// What was recorded, as a waveform with two handles: only what lies between them is heard and sent.
window.trimRecording = (box, file, put) => {
  const SHORTEST = 0.2; // seconds
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
  const colour = (name) => {
    const probe = box.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const audio = box.querySelector("audio");
  const words = box.querySelector("[data-trim-words]");
  const trim = box.querySelector(".trim");
  const [start, end] = ["start", "end"].map((edge) => box.querySelector(`[data-edge=${edge}]`));

  function place(length) {
    trim.style.setProperty("--start", start.value / length);
    trim.style.setProperty("--end", end.value / length);
    for (const edge of [start, end]) edge.setAttribute("aria-valuetext", clock(Number(edge.value)));
    const part = Number(start.value) > 0 || Number(end.value) < Number(end.max);
    words.textContent = part ? box.dataset.sayPart.replace("{from}", clock(Number(start.value))).replace("{to}", clock(Number(end.value))) : box.dataset.sayWhole;
    return part;
  }

  function moved(sound, edge) {
    const gap = Math.min(SHORTEST, sound.duration);
    if (edge === start) start.value = Math.min(start.value, end.value - gap);
    else end.value = Math.max(end.value, Number(start.value) + gap);
    place(sound.duration);
    audio.currentTime = start.value;
  }

  function send(sound) {
    if (!place(sound.duration)) return put(file);
    return put(new File([window.wavOf(sound, Number(start.value), Number(end.value))], "microphone.wav", { type: "audio/wav" }));
  }

  function within() {
    if (audio.paused) return;
    if (audio.currentTime >= Number(end.value) - 0.02) { audio.pause(); audio.currentTime = start.value; }
  }

  function show(sound) {
    for (const edge of [start, end]) {
      edge.max = sound.duration;
      edge.value = edge === start ? 0 : sound.duration;
      edge.oninput = () => moved(sound, edge);
      edge.onchange = () => send(sound);
    }
    if (audio.src) URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(window.wavOf(sound, 0, sound.duration));
    audio.ontimeupdate = within;
    audio.onplay = () => { if (audio.currentTime < start.value || audio.currentTime >= end.value - 0.05) audio.currentTime = start.value; };
    box.hidden = false;
    place(sound.duration);
    window.drawWave(box.querySelector("[data-wave]"), audio, {
      waveColor: colour("--source"), progressColor: colour("--voice"), cursorColor: colour("--ink"),
      url: undefined, peaks: [sound.getChannelData(0)], duration: sound.duration, interact: false,
    });
    return sound.duration;
  }

  const context = new OfflineAudioContext(1, 1, 48000);
  return file.arrayBuffer().then((bytes) => context.decodeAudioData(bytes)).then(show);
};
