// Comfort for the forms of plages, absences, motifs and lieux; they work without it.
document.querySelectorAll("[data-opening-form]").forEach((form) => {
  const chosen = (name) => {
    const field = form.querySelector(`[name="${name}"]:checked`) ?? form.querySelector(`select[name="${name}"]`);
    return field ? field.value : "";
  };
  const refresh = () => {
    form.querySelectorAll("[data-shown-when]").forEach((part) => {
      part.hidden = !part.dataset.values.split(" ").includes(chosen(part.dataset.shownWhen));
    });
    form.querySelectorAll("[data-hidden-when]").forEach((part) => {
      part.hidden = Boolean(form.querySelector(`[name="${part.dataset.hiddenWhen}"]:checked`));
    });
  };
  form.addEventListener("change", refresh);
  refresh();

  form.querySelectorAll("[data-add-date]").forEach((button) => {
    const list = form.querySelector("[data-dates]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const line = list.lastElementChild.cloneNode(true);
      const number = list.children.length + 1;
      const input = line.querySelector("input");
      input.value = "";
      input.id = `exception-${number}`;
      line.querySelector("label").htmlFor = input.id;
      line.querySelector("label").textContent = `Exception ${number}`;
      list.append(line);
      input.focus();
    });
  });
  form.querySelector("[data-focus]")?.focus();
});
