// Names for the controls of the administration that its own scripts and forms leave without one.
const giveNames = () => {
  for (const tip of document.querySelectorAll(".help-tooltip[aria-label]")) tip.setAttribute("role", "img");
  for (const row of document.querySelectorAll(".form-row")) {
    const label = row.querySelector("legend, label")?.textContent.trim().replace(/:$/, "");
    const parts = row.querySelectorAll(".select2 :is([role=combobox], [role=textbox], [role=searchbox]), input.vDateField, input.vTimeField");
    for (const part of parts) {
      const before = part.previousSibling?.textContent?.trim().replace(/:$/, "");
      if (label && !part.labels?.length && !part.ariaLabel) part.ariaLabel = [label, before].filter(Boolean).join(", ");
    }
  }
};

// Some are made when the page is read, a little after that, and some when all of it is there.
globalThis.django?.jQuery?.(giveNames);
addEventListener("load", giveNames);
