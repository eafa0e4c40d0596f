// The options of the form: sliders beside numbers, what the picked voice recommends, and presets.
(() => {
  const chosen = (root) => root.querySelector("input[name=voice]:checked");
  const fieldOf = (field) => field.querySelector("select:not([data-names]), input[type=number]");

  function addSlider(box) {
    const number = box.querySelector("input");
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: number.min, max: number.max, step: number.step, value: number.value });
    slider.setAttribute("aria-labelledby", number.id + "_label");
    slider.addEventListener("input", () => { number.value = slider.value; number.dispatchEvent(new Event("change", { bubbles: true })); });
    for (const kind of ["input", "change"]) number.addEventListener(kind, () => { slider.value = number.value; });
    box.prepend(slider);
  }

  function put(field, value) {
    fieldOf(field).value = value;
    const slider = field.querySelector("input[type=range]");
    if (slider) slider.value = fieldOf(field).value;
  }

  // Server and script agree on one rule: the voice's recommendation if it has one, else the default. What a person
  // has changed by hand, or by a preset, stays.
  function recommend(root, voice) {
    const wanted = JSON.parse(voice.dataset.recommended || "{}");
    for (const field of root.querySelectorAll("[data-option]")) {
      if (!field.dataset.touched) put(field, wanted[field.dataset.option] ?? fieldOf(field).dataset.default);
      mark(field, wanted[field.dataset.option]);
    }
  }

  function mark(field, wanted) {
    field.querySelector("[data-from-voice]").hidden = wanted === undefined || String(wanted) !== fieldOf(field).value;
  }

  function speakers(root, voice) {
    const field = root.querySelector('[data-option="speaker"]');
    const last = Number(voice.dataset.speakers) - 1;
    field.hidden = last < 1;
    field.querySelector("input").max = last;
    pickSpeaker(field, last, JSON.parse(voice.dataset.speakerNames));
  }

  // Where speakers have names, they are picked by name; the number stays what is sent.
  function pickSpeaker(field, last, names) {
    const number = field.querySelector("input");
    field.querySelector("select")?.remove();
    number.hidden = last > 0 && last < 256 && Object.keys(names).length > 0;
    if (!number.hidden) return;
    const select = document.createElement("select");
    select.dataset.names = "";
    select.setAttribute("aria-labelledby", number.id + "_label");
    for (let id = 0; id <= last; id++) select.add(new Option(names[id] ? `${id} – ${names[id]}` : id, id));
    select.value = number.value;
    select.addEventListener("change", () => { number.value = select.value; });
    number.after(select);
  }

  // The automatic pitch needs to know where the voice speaks.
  function usualPitch(root, voice) {
    const mode = root.querySelector('[data-option="pitch_mode"] select');
    const auto = mode?.querySelector('option[value="auto"]');
    if (!auto) return;
    auto.disabled = !voice.dataset.usual;
    if (auto.disabled && mode.value === "auto") mode.value = mode.dataset.default;
  }

  function picked(root, voice) {
    recommend(root, voice);
    speakers(root, voice);
    usualPitch(root, voice);
  }

  function preset(root, select) {
    const wanted = JSON.parse(select.selectedOptions[0].dataset.options);
    for (const field of root.querySelectorAll("[data-option]")) {
      delete field.dataset.touched;
      if (field.dataset.option in wanted) { put(field, wanted[field.dataset.option]); field.dataset.touched = "yes"; }
    }
    const voice = chosen(root);
    if (voice) picked(root, voice);
  }

  function changed(root, event) {
    const field = event.target.closest("[data-option]");
    const voice = chosen(root);
    if (event.target.name === "voice") picked(root, voice);
    if (event.target.matches("[data-preset]")) preset(root, event.target);
    if (!field) return;
    field.dataset.touched = "yes";
    if (voice) mark(field, JSON.parse(voice.dataset.recommended)[field.dataset.option]);
  }

  function start(root) {
    root.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });
    root.querySelectorAll("[data-slide]").forEach(addSlider);
    root.addEventListener("change", (event) => changed(root, event));
    root.querySelector("[name=preset_name]").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); root.querySelector("[value=preset-keep]").click(); }
    });
    root.querySelector("[name=find]").addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it has searched already
    });
    const voice = chosen(root);
    if (!voice) return;
    speakers(root, voice);
    usualPitch(root, voice);
    const wanted = JSON.parse(voice.dataset.recommended);
    root.querySelectorAll("[data-option]").forEach((field) => mark(field, wanted[field.dataset.option]));
  }

  document.addEventListener("form:replaced", (event) => { if (event.detail.matches("[data-studio]")) start(event.detail); });
  const root = document.querySelector("[data-studio]");
  if (root) start(root);
})();
