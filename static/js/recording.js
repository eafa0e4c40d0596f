// The recording: what was dropped or chosen, heard before it is sent, or taken from the microphone.
(() => {
  const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;

  function describe(box, file) {
    const facts = box.querySelector("[data-drop-facts]");
    const audio = box.querySelector("[data-preview] audio");
    box.querySelector(".drop").classList.add("filled");
    box.querySelector("[data-drop-title]").textContent = file.name;
    facts.textContent = size(file.size);
    if (audio.src) URL.revokeObjectURL(audio.src);
    box.querySelector("[data-preview]").hidden = false;
    audio.onloadedmetadata = () => { if (Number.isFinite(audio.duration)) facts.textContent = `${clock(audio.duration)}, ${size(file.size)}`; };
    // Some kinds convert well but do not play in this browser: then there is nothing to hear yet.
    audio.onerror = () => { box.querySelector("[data-preview]").hidden = true; };
    audio.src = URL.createObjectURL(file);
  }

  // Many files, or a zip of them, are named and weighed; there is nothing to hear before they are sent.
  function count(box, files) {
    const bytes = [...files].reduce((sum, file) => sum + file.size, 0);
    box.querySelector(".drop").classList.add("filled");
    box.querySelector("[data-drop-title]").textContent = files.length > 1 ? `${files.length} files` : files[0].name;
    box.querySelector("[data-drop-facts]").textContent = `${size(bytes)}, converted as one batch`;
    box.querySelector("[data-preview]").hidden = true;
    box.querySelector("[data-preview] audio").removeAttribute("src");
  }

  function show(box, files) {
    if (files.length > 1 || /\.zip$/i.test(files[0].name)) count(box, files);
    else describe(box, files[0]);
  }

  function put(input, file) {
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function microphone(box, input) {
    const button = box.querySelector("[data-record]");
    const words = box.querySelector("[data-record-words]");
    box.querySelector("[data-recorder]").hidden = false;
    if (!window.isSecureContext || !navigator.mediaDevices) {
      button.disabled = true;
      words.textContent = "Recording needs HTTPS, or the page on the same machine as the server.";
      return;
    }
    let recorder = null;
    let timer = 0;

    function stopped(stream, pieces) {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      button.classList.remove("recording");
      button.querySelector("span").textContent = "Record again";
      words.textContent = "";
      const type = recorder.mimeType.split(";")[0];
      put(input, new File(pieces, `microphone.${type.endsWith("mp4") ? "m4a" : "webm"}`, { type }));
      recorder = null;
    }

    async function start() {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } });
        const pieces = [];
        const began = Date.now();
        recorder = new MediaRecorder(stream);
        recorder.ondataavailable = (event) => pieces.push(event.data);
        recorder.onstop = () => stopped(stream, pieces);
        recorder.start();
        button.classList.add("recording");
        button.querySelector("span").textContent = "Stop recording";
        timer = setInterval(() => { words.textContent = `Recording, ${clock((Date.now() - began) / 1000)}`; }, 500);
      } catch {
        words.textContent = "The browser did not give access to a microphone.";
      }
    }

    button.addEventListener("click", () => (recorder ? recorder.stop() : start()));
  }

  function start(box) {
    const input = box.querySelector("input[type=file]");
    const zone = box.querySelector(".drop");
    input.addEventListener("change", () => { if (input.files.length) show(box, input.files); });
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
    if (input.files.length) show(box, input.files);
    microphone(box, input);
  }

  document.addEventListener("form:replaced", (event) => event.detail.querySelectorAll("[data-recording]").forEach(start));
  document.querySelectorAll("[data-recording]").forEach(start);
})();
