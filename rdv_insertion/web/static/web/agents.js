// Comfort for agents; every page works without it.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    document.getElementById("person-search")?.focus();
  }
});

// A box that checks all the boxes of its table, and the bar that counts them.
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("[data-select-row]")];
  if (event.target.matches("[data-select-all]")) {
    boxes.forEach((box) => { box.checked = event.target.checked; });
  }
  const chosen = boxes.filter((box) => box.checked).length;
  form.querySelectorAll("[data-selected-count]").forEach((place) => { place.textContent = chosen; });
  form.querySelectorAll("[data-needs-selection]").forEach((element) => { element.hidden = chosen === 0; });
});
document.querySelectorAll("[data-selection]").forEach((form) => {
  form.dispatchEvent(new Event("change", { bubbles: true }));
});

// A file dropped anywhere on its zone.
document.querySelectorAll("[data-drop-zone]").forEach((zone) => {
  const input = zone.querySelector("input[type=file]");
  ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("drop-zone--over");
  }));
  ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("drop-zone--over")));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
});

// A choice that sends its form at once, such as the organisation.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});
