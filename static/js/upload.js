// A form with files is sent by a request that reports its progress. Without this script the browser sends it itself.
(() => {
  const words = (percent) => (percent < 100 ? `Sending, ${percent} %` : "Checking the file");

  function show(form, percent) {
    const box = form.querySelector("[data-uploading]");
    box.hidden = false;
    box.querySelector("progress").value = percent;
    const line = box.querySelector("[data-words]");
    if (percent % 10 === 0 || percent === 100) line.textContent = words(percent);
  }

  function refused(form, request) {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = page.querySelector("form[data-upload]");
    if (!fresh) return failed(form, request.status);
    // The chosen files survive the new form; a person should not have to look for them twice.
    for (const old of form.querySelectorAll("input[type=file]")) {
      const input = fresh.querySelector(`[name="${old.name}"]`);
      if (input && old.files.length) input.files = old.files;
    }
    form.replaceWith(document.adoptNode(fresh));
    document.dispatchEvent(new CustomEvent("form:replaced", { detail: fresh }));
    const wrong = fresh.querySelector("[aria-invalid=true], .errorlist, .note.error");
    wrong?.scrollIntoView({ block: "center" });
    fresh.querySelector("[aria-invalid=true]")?.focus({ preventScroll: true });
  }

  function failed(form, status) {
    const line = form.querySelector("[data-words]");
    line.textContent = status === 413 ? "The file is too large for this server."
      : status ? `The server could not take it (${status}). Try again.` : "The connection was lost. Try again.";
    form.querySelector("[data-uploading] progress").value = 0;
    form.querySelector("button:not([type=button])").disabled = false;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form) return;
    event.preventDefault();
    form.querySelector("button:not([type=button])").disabled = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.onprogress = (sent) => show(form, Math.round((100 * sent.loaded) / sent.total));
    request.onload = () => {
      if (request.status === 201) window.location.assign(JSON.parse(request.responseText).url);
      else if ([403, 422, 429].includes(request.status)) refused(form, request);
      else failed(form, request.status);
    };
    request.onerror = () => failed(form, 0);
    show(form, 0);
    request.send(new FormData(form));
  });
})();
