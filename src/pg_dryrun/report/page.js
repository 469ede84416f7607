"use strict";
// Comfort only: without it every word of the page is there and can be read.
for (const box of document.querySelectorAll("[data-filters]")) {
  const rows = [...document.querySelectorAll("#" + box.dataset.filters + " tbody tr")];
  const finder = box.closest(".finder");
  const told = finder.querySelector("output");
  finder.hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    told.value = shown + " of " + rows.length;
  });
}
const open = document.getElementById("open-all");
if (open) {
  open.hidden = false;
  open.addEventListener("click", () => {
    const steps = [...document.querySelectorAll("details.step")];
    const close = steps.every((step) => step.open);
    for (const step of steps) step.open = !close;
    open.setAttribute("aria-pressed", String(!close));
  });
}
