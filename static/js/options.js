// The options of the form: sliders beside numbers, what the picked voice recommends, and finding a voice by its name.
(() => {
  function addSlider(box) {
    const number = box.querySelector("input");
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: number.min, max: number.max, step: number.step, value: number.value });
    slider.setAttribute("aria-labelledby", number.id + "_label");
    slider.addEventListener("input", () => { number.value = slider.value; number.dispatchEvent(new Event("change", { bubbles: true })); });
    for (const kind of ["input", "change"]) number.addEventListener(kind, () => { slider.value = number.value; });
    box.prepend(slider);
  }

  // Server and script agree on one rule: the voice's recommendation if it has one, else the default. What a person
  // has changed by hand stays.
  function recommend(form, voice) {
    const wanted = JSON.parse(voice.dataset.recommended || "{}");
    for (const field of form.querySelectorAll("[data-option]")) {
      const input = field.querySelector("select, input[type=number]");
      if (!field.dataset.touched) {
        input.value = wanted[field.dataset.option] ?? input.dataset.default;
        const slider = field.querySelector("input[type=range]");
        if (slider) slider.value = input.value;
      }
      mark(field, wanted[field.dataset.option]);
    }
  }

  function mark(field, wanted) {
    const value = field.querySelector("select, input[type=number]").value;
    field.querySelector("[data-from-voice]").hidden = wanted === undefined || String(wanted) !== value;
  }

  function speakers(form, voice) {
    const field = form.querySelector('[data-option="speaker"]');
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
    select.setAttribute("aria-labelledby", number.id + "_label");
    for (let id = 0; id <= last; id++) select.add(new Option(names[id] ? `${id} – ${names[id]}` : id, id));
    select.value = number.value;
    select.addEventListener("change", () => { number.value = select.value; });
    number.after(select);
  }

  function find(search) {
    const form = search.closest("form");
    const wanted = search.value.trim().toLowerCase();
    let found = 0;
    for (const choice of form.querySelectorAll(search.dataset.find)) {
      choice.hidden = !choice.dataset.name.includes(wanted);
      found += !choice.hidden;
    }
    form.querySelector("[data-found-none]").hidden = found > 0;
  }

  function start(form) {
    form.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });
    form.querySelectorAll("[data-slide]").forEach(addSlider);
    form.querySelector("[data-find]")?.addEventListener("input", (event) => find(event.target));
    form.addEventListener("change", (event) => {
      const field = event.target.closest("[data-option]");
      const voice = form.querySelector("input[name=voice]:checked");
      if (event.target === voice) { recommend(form, voice); speakers(form, voice); }
      if (field) { field.dataset.touched = "yes"; if (voice) mark(field, JSON.parse(voice.dataset.recommended)[field.dataset.option]); }
    });
    const voice = form.querySelector("input[name=voice]:checked");
    if (!voice) return;
    speakers(form, voice);
    const wanted = JSON.parse(voice.dataset.recommended);
    form.querySelectorAll("[data-option]").forEach((field) => mark(field, wanted[field.dataset.option]));
    const list = voice.closest(".voices");
    if (voice.closest("label").offsetTop - list.offsetTop > list.clientHeight - 60) list.scrollTop = voice.closest("label").offsetTop - list.offsetTop - 8;
  }

  document.addEventListener("form:replaced", (event) => start(event.detail));
  const form = document.getElementById("convert-form");
  if (form) start(form);
})();
