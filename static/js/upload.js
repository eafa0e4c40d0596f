// A form with files is sent by a request that reports its progress. Without this script the browser sends it itself.
(() => {
  const say = (line, name, percent) => line.dataset[name].replace("{percent}", percent);

  function show(form, percent) {
    const box = form.querySelector("[data-uploading]");
    const line = box.querySelector("[data-words]");
    box.hidden = false;
    box.querySelector("progress").value = percent;
    if (percent % 10 === 0) line.textContent = say(line, percent < 100 ? "saySending" : "sayChecking", percent);
  }

  // The part of the page that the server may answer with: more than the form, where fields of it stand elsewhere.
  const whole = (form) => form.closest("[data-whole]") ?? form;

  function refused(form, request) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const answer = page.querySelector("form[data-upload]");
    if (!answer) return failed(form, request.status);
    const fresh = whole(answer);
    // The chosen files survive the new form; a person should not have to look for them twice.
    for (const old of form.querySelectorAll("input[type=file]")) {
      const input = fresh.querySelector(`[name="${old.name}"]`);
      if (input && old.files.length) input.files = old.files;
    }
    whole(form).replaceWith(document.adoptNode(fresh));
    window.htmx?.process(fresh);
    document.dispatchEvent(new CustomEvent("form:replaced", { detail: fresh }));
    const wrong = fresh.querySelector("[aria-invalid=true], .errorlist, .note[role]");
    wrong?.scrollIntoView({ block: "center" });
    fresh.querySelector("[aria-invalid=true]")?.focus({ preventScroll: true });
  }

  function failed(form, status) {
    const line = form.querySelector("[data-uploading] [data-words]");
    line.textContent = line.dataset[status === 413 ? "sayLarge" : status ? "sayFailed" : "sayLost"].replace("{status}", status);
    form.querySelector("[data-uploading] progress").value = 0;
    enable(form, true);
  }

  const enable = (form, on) => [...form.elements].filter((field) => field.matches("button:not([type=button])")).forEach((button) => { button.disabled = !on; });

  // A button that only settles something on the page sends no files; what is chosen stays where it is.
  function content(form, button) {
    const data = new FormData(form);
    if (button?.name) data.set(button.name, button.value);
    if (button && "settles" in button.dataset) for (const input of form.querySelectorAll("input[type=file]")) data.delete(input.name);
    return data;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    event.preventDefault();
    const data = content(form, event.submitter);
    enable(form, false);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.onprogress = (sent) => show(form, Math.round((100 * sent.loaded) / sent.total));
    request.onload = () => {
      if (request.status === 201) window.location.assign(JSON.parse(request.responseText).url);
      else if ([200, 403, 422, 429].includes(request.status)) refused(form, request);
      else failed(form, request.status);
    };
    request.onerror = () => failed(form, 0);
    if (!event.submitter || !("settles" in event.submitter.dataset)) show(form, 0);
    request.send(data);
  });
})();
