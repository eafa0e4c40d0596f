// The recordings that were dropped or chosen: named, weighed, and one of them heard before it is sent.
(() => {
  const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;

  const clip = (box) => box.closest("form").querySelector("[data-clip-start]");

  function describe(box, file) {
    const facts = box.querySelector("[data-drop-facts]");
    const audio = box.querySelector("[data-preview] audio");
    box.querySelector(".drop").classList.add("filled");
    box.querySelector("[data-drop-title]").textContent = file.name;
    facts.textContent = size(file.size);
    if (audio.src) URL.revokeObjectURL(audio.src);
    box.querySelector("[data-preview]").hidden = false;
    audio.onloadedmetadata = () => { if (Number.isFinite(audio.duration)) facts.textContent = `${clock(audio.duration)}, ${size(file.size)}`; };
    // What is heard last is where a preview begins.
    audio.onseeked = () => { clip(box).value = Math.floor(audio.currentTime); };
    // Some kinds convert well but do not play in this browser: then there is nothing to hear yet.
    audio.onerror = () => { box.querySelector("[data-preview]").hidden = true; };
    audio.src = URL.createObjectURL(file);
  }

  // Many files, or a zip of them, are named and weighed; there is nothing to hear before they are sent.
  function count(box, files) {
    const bytes = [...files].reduce((sum, file) => sum + file.size, 0);
    const many = box.dataset.sayFiles.replace("{count}", files.length);
    box.querySelector(".drop").classList.add("filled");
    box.querySelector("[data-drop-title]").textContent = files.length > 1 ? many : files[0].name;
    box.querySelector("[data-drop-facts]").textContent = box.dataset.sayBatch.replace("{size}", size(bytes));
    box.querySelector("[data-preview]").hidden = true;
    box.querySelector("[data-preview] audio").removeAttribute("src");
  }

  function show(box, files) {
    if (files.length > 1 || /\.zip$/i.test(files[0].name)) count(box, files);
    else describe(box, files[0]);
  }

  function start(box) {
    const input = box.querySelector("input[type=file]");
    const zone = box.querySelector(".drop");
    input.addEventListener("change", () => { if (input.files.length) show(box, input.files); });
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
    if (input.files.length) show(box, input.files);
  }

  document.addEventListener("form:replaced", (event) => event.detail.querySelectorAll("[data-recording]").forEach(start));
  document.querySelectorAll("[data-recording]").forEach(start);
})();
