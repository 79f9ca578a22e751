// How far a file is on its way; the form works without it.
document.querySelectorAll("[data-upload-form]").forEach((form) => {
  const zone = form.querySelector("[data-upload-progress]");
  const bar = zone.querySelector("progress");
  const words = zone.querySelector("[role=status]");
  let sent = false;
  let said = -1;

  const refuse = (sentence) => {
    zone.hidden = true;
    const place = document.getElementById("import-errors");
    const alert = document.createElement("div");
    const title = document.createElement("h3");
    const text = document.createElement("p");
    alert.className = "fr-alert fr-alert--error fr-mb-3w";
    alert.setAttribute("role", "alert");
    alert.tabIndex = -1;
    title.className = "fr-alert__title";
    title.textContent = "Rien n'a été enregistré";
    text.textContent = sentence;
    alert.append(title, text);
    place.replaceChildren(alert);
    alert.focus();
  };

  form.addEventListener("htmx:beforeRequest", () => {
    sent = false;
    said = -1;
    document.getElementById("import-errors").replaceChildren();
    bar.value = 0;
    words.textContent = `${zone.dataset.sending}…`;
    zone.hidden = false;
  });
  form.addEventListener("htmx:xhr:progress", (event) => {
    const { lengthComputable, loaded, total } = event.detail;
    // What comes after the file is the answer on its way back.
    if (sent || !lengthComputable) return;
    const done = Math.floor((100 * loaded) / total);
    bar.value = done;
    sent = loaded >= total;
    if (sent) {
      bar.removeAttribute("value");
      words.textContent = zone.dataset.reading;
    } else if (done >= said + 10) {
      // Said every ten percent: a screen reader would not keep up with more.
      said = done;
      words.textContent = `${zone.dataset.sending} : ${done} %`;
    }
  });
  form.addEventListener("htmx:sendError", () => refuse(zone.dataset.lost));
  form.addEventListener("htmx:timeout", () => refuse(zone.dataset.lost));
  form.addEventListener("htmx:responseError", () => refuse(zone.dataset.refused));
  document.addEventListener("htmx:afterSettle", () => {
    const refusal = document.querySelector("[data-import-refusal]");
    if (!refusal) return;
    zone.hidden = true;
    refusal.focus();
  });
});
