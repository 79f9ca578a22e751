// Comfort for the pages of rdvs; they work without it.
(() => {
  // A choice that makes others meaningless clears them, then asks again.
  document.querySelectorAll("[data-slot-filters]").forEach((form) => {
    form.addEventListener("change", (event) => {
      (event.target.dataset.clears ?? "").split(" ").filter(Boolean).forEach((name) => {
        const field = form.elements[name];
        if (field) field.value = "";
      });
      if (event.target.matches("select")) form.requestSubmit();
    });
  });

  // A motif brings its duration, its seats, and says whether a place is needed.
  document.querySelectorAll("[data-plan-form]").forEach((form) => {
    const motif = form.querySelector("[data-motif]");
    const follow = (fill) => {
      const option = motif.selectedOptions[0];
      if (!option || !option.value) return;
      const set = (name, value) => { if (form.elements[name] && value) form.elements[name].value = value; };
      if (fill) {
        set("minutes", option.dataset.minutes);
        set("seats", option.dataset.seats);
      }
      form.querySelector("[data-place-field]").hidden = option.dataset.place !== "public_office";
    };
    motif.addEventListener("change", () => follow(true));
    follow(form.elements.minutes.value === "");

    form.querySelectorAll("[data-add-day]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        const lines = [...form.querySelectorAll(".plan-dates > div")];
        const line = lines[lines.length - 1].cloneNode(true);
        const input = line.querySelector("input");
        input.id = `other-day-${lines.length + 1}`;
        input.value = "";
        line.querySelector("label").htmlFor = input.id;
        line.querySelector("label").textContent = `Autre date ${lines.length + 1}`;
        button.before(line);
        input.focus();
      });
    });
  });

  // Enter in the search of people searches, and does not take the rdv.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-enter='search']")) {
      event.preventDefault();
      document.getElementById("people-search-button")?.click();
    }
  });

  // What the chosen status does, said beside it.
  const say = (select) => {
    const place = document.getElementById(select.dataset.effects);
    place.textContent = select.selectedOptions[0]?.dataset.words ?? "";
    place.hidden = !place.textContent;
  };
  document.querySelectorAll("[data-effects]").forEach((select) => {
    say(select);
    select.addEventListener("change", () => say(select));
  });

  document.querySelectorAll("[data-attendance]").forEach((form) => {
    const button = form.querySelector("[data-all-present]");
    button.hidden = false;
    button.addEventListener("click", () => {
      form.querySelectorAll("input[value='seen']").forEach((radio) => { radio.checked = true; });
      form.querySelector("button[type='submit']").focus();
    });
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  document.querySelector("[data-focus]")?.focus();
})();
