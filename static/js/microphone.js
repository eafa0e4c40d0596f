// Take a recording from the microphone: see its level, hear oneself if wished, listen and trim before it is sent.
(() => {
  const TROUBLES = { NotAllowedError: "sayDenied", SecurityError: "sayDenied", NotFoundError: "sayNone", OverconstrainedError: "sayNone", NotReadableError: "sayBusy", AbortError: "sayBusy" };
  const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const QUIET = 0.02, LOUD = 0.98, PATIENCE = 2; // seconds before it is called quiet
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function put(input, file) {
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
  }

  // What goes on while the microphone is open: how loud it is, and whether one hears oneself.
  function listen(stream, monitor, meter) {
    const context = new AudioContext();
    const source = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    const samples = new Float32Array(analyser.fftSize);
    const state = { peak: 0, loudest: 0 };
    let frame = 0;
    source.connect(analyser);
    const hear = () => (monitor.checked ? source.connect(context.destination) : source.disconnect(context.destination));
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      state.peak = Math.max(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0), state.peak * 0.9);
      state.loudest = Math.max(state.loudest, state.peak);
      meter.value = state.peak;
      frame = requestAnimationFrame(look);
    };
    if (monitor.checked) hear();
    monitor.addEventListener("change", hear);
    look();
    state.close = () => {
      cancelAnimationFrame(frame);
      monitor.removeEventListener("change", hear);
      meter.value = 0;
      context.close();
    };
    return state;
  }

  function start(box) {
    const input = box.querySelector("input[type=file]");
    const button = box.querySelector("[data-record]");
    const words = box.querySelector("[data-record-words]");
    const taken = box.querySelector("[data-taken]");
    const say = (name, time) => { words.textContent = box.dataset[name].replace("{time}", time); };
    const label = (name) => { button.querySelector("span").textContent = box.dataset[name]; };
    let recorder = null;

    function tell(state, seconds) {
      const name = state.peak >= LOUD ? "sayLoud" : seconds > PATIENCE && state.loudest < QUIET ? "sayQuiet" : "sayRecording";
      say(name, clock(seconds));
    }

    function show(file) {
      return window.trimRecording(taken, file, (part) => put(input, part))
        .then((seconds) => { say("sayReady", clock(seconds)); label("sayAgain"); })
        .catch(() => say("sayEmpty"));
    }

    function stopped(type, pieces) {
      button.classList.remove("recording");
      label("sayAgain");
      if (!pieces.some((piece) => piece.size)) return say("sayEmpty");
      const file = new File(pieces, `microphone.${type.endsWith("mp4") ? "m4a" : type.endsWith("ogg") ? "ogg" : "webm"}`, { type });
      put(input, file);
      return show(file);
    }

    function record(stream) {
      const pieces = [];
      const began = Date.now();
      const state = listen(stream, box.querySelector("[data-monitor]"), box.querySelector("[data-level]"));
      recorder = new MediaRecorder(stream);
      const type = () => recorder.mimeType.split(";")[0];
      const timer = setInterval(() => {
        const seconds = (Date.now() - began) / 1000;
        tell(state, seconds);
        if (seconds > 60 * Number(box.dataset.most) - 1) recorder.stop();
      }, 250);
      recorder.ondataavailable = (event) => pieces.push(event.data);
      recorder.onstop = () => {
        clearInterval(timer);
        state.close();
        stream.getTracks().forEach((track) => track.stop());
        const kind = type();
        recorder = null;
        stopped(kind, pieces);
      };
      recorder.start();
      taken.hidden = true;
      taken.querySelector("audio").pause();
      button.classList.add("recording");
      label("sayStop");
      say("sayRecording", clock(0));
    }

    async function press() {
      if (recorder) return recorder.stop();
      button.disabled = true;
      try {
        record(await navigator.mediaDevices.getUserMedia({ audio: SOUND }));
      } catch (trouble) {
        say(TROUBLES[trouble.name] ?? "sayBusy");
      }
      button.disabled = false;
      return undefined;
    }

    box.querySelector("[data-recorder]").hidden = false;
    button.addEventListener("click", press);
    if (!window.isSecureContext || !navigator.mediaDevices || !window.MediaRecorder) { button.disabled = true; say("sayInsecure"); }
    if (input.files.length) show(input.files[0]);
  }

  document.addEventListener("form:replaced", (event) => event.detail.querySelectorAll("[data-microphone]").forEach(start));
  document.querySelectorAll("[data-microphone]").forEach(start);
})();
