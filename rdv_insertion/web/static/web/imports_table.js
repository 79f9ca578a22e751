// The table of an import: cells corrected where they are, and keys to decide. Every page works without it.
(() => {
  const table = document.querySelector(".sheet__table");
  const failure = document.getElementById("sheet-failure");
  let editor = null; // The cell that is open: {form, place, kept, id}.
  let pressed = null; // The cell on which a press began that is already dealt with.
  let saving = false;
  let after = null; // The cell to open, or to give the focus to, once what is being saved is.

  const cells = () => [...table.querySelectorAll("a[data-cell]")];
  const placeOf = (link) => link.closest(".sheet-cell");
  const find = (id) => document.getElementById(id)?.querySelector("a[data-cell]");
  // A press anywhere in a cell is one on what it says, its other links and buttons aside.
  const cellAt = (target) => target.closest("a[data-cell]")
    || (target.closest("a, button, input, select, form") ? null : target.closest(".sheet-cell")?.querySelector("a[data-cell]"));
  const fails = (failed) => { if (failure) failure.hidden = !failed; };

  // One cell takes part in the Tab order; the arrows go to the others.
  function enter(link) {
    if (!link) return;
    cells().forEach((one) => { one.tabIndex = -1; });
    link.tabIndex = 0;
  }

  function put(place, kept) {
    place.replaceChildren(...kept);
    window.htmx.process(place);
  }

  function close({ focus }) {
    if (!editor) return;
    const { place, kept } = editor;
    editor = null;
    put(place, kept);
    if (focus) place.querySelector("a[data-cell]")?.focus();
  }

  async function open(link) {
    if (!link || saving) return;
    if (editor) close({ focus: false });
    const place = placeOf(link);
    // What is kept comes back as it was when the edit is given up.
    const kept = [...place.childNodes];
    enter(link);
    fails(false);
    await window.htmx.ajax("GET", link.href, { target: place, swap: "innerHTML", source: place }).catch(() => {});
    const form = place.querySelector("[data-editor]");
    if (!form) {
      if (!place.contains(link)) put(place, kept);
      return;
    }
    if (editor) close({ focus: false });
    editor = { form, place, kept, id: place.id };
    const field = form.querySelector("#editor");
    field.focus();
    if (field.select) field.select();
  }

  const changed = (form) => {
    const field = form.querySelector("#editor");
    return field.options ? ![...field.options][field.selectedIndex]?.defaultSelected : field.value !== field.defaultValue;
  };

  async function save(submitter) {
    if (saving || !editor) return;
    const { form, id } = editor;
    const values = Object.fromEntries(new FormData(form, submitter));
    document.querySelectorAll("#sheet-context input").forEach((input) => { values[input.name] = input.value; });
    saving = true;
    fails(false);
    form.setAttribute("aria-busy", "true");
    let failed = false;
    const notice = () => { failed = true; };
    ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, notice));
    try {
      await window.htmx.ajax("POST", form.action, { values, swap: "none", source: table });
    } catch { failed = true; }
    ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.removeEventListener(name, notice));
    saving = false;
    form.removeAttribute("aria-busy");
    if (failed) {
      // What was typed stays.
      after = null;
      fails(true);
      form.querySelector("#editor")?.focus();
      return;
    }
    editor = null;
    const next = after;
    after = null;
    // Whoever went on meanwhile is left where they are.
    const here = document.activeElement;
    if (here !== document.body && !form.contains(here) && !document.getElementById(next?.id)?.contains(here)) return;
    if (next?.open) open(find(next.id));
    else if (!next?.elsewhere) {
      const link = find(next?.id || id);
      enter(link);
      link?.focus();
    }
  }

  const leave = (next) => {
    if (!editor) return;
    if (changed(editor.form)) {
      after = next;
      save();
    } else {
      close({ focus: !next });
      if (next?.open) open(find(next.id));
    }
  };

  function beside(id, step) {
    const places = [...table.querySelectorAll(".sheet-cell")].filter(
      (place) => place.id === id || place.querySelector("a[data-cell]"));
    return places[places.findIndex((place) => place.id === id) + step];
  }

  function neighbour(link, key) {
    const row = link.closest("tr");
    const inRow = [...row.querySelectorAll("a[data-cell]")];
    if (key === "ArrowLeft") return inRow[inRow.indexOf(link) - 1];
    if (key === "ArrowRight") return inRow[inRow.indexOf(link) + 1];
    let other = row;
    do { other = key === "ArrowUp" ? other.previousElementSibling : other.nextElementSibling; }
    while (other && !other.querySelector(`a[data-cell="${link.dataset.cell}"]`));
    return other?.querySelector(`a[data-cell="${link.dataset.cell}"]`);
  }

  function onEditorKey(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      close({ focus: true });
    } else if (event.key === "Enter" && event.target.matches("select")) {
      event.preventDefault();
      save();
    } else if (event.key === "Tab") {
      const stops = [...editor.form.querySelectorAll("#editor, button:not([tabindex='-1'])")];
      const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
      if (event.target !== edge) return;
      const place = beside(editor.place.id, event.shiftKey ? -1 : 1);
      if (!place) return;
      event.preventDefault();
      leave({ id: place.id, open: true });
    }
  }

  function onCellKey(event) {
    const link = event.target;
    if (event.key === "F2") {
      event.preventDefault();
      open(link);
    } else if (event.key.startsWith("Arrow") && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const other = neighbour(link, event.key);
      if (!other) return;
      event.preventDefault();
      enter(other);
      other.focus();
    }
  }

  if (table) {
    enter(cells()[0]);
    // Before the focus leaves: what is being saved may replace the row that is being clicked.
    table.addEventListener("mousedown", (event) => {
      const link = cellAt(event.target);
      pressed = null;
      if (!editor || !link || event.button || editor.place.contains(link)) return;
      event.preventDefault();
      pressed = placeOf(link).id;
      leave({ id: pressed, open: true });
    });
    table.addEventListener("click", (event) => {
      if (event.target.closest("[data-cancel]")) {
        close({ focus: true });
        return;
      }
      const row = event.target.closest("a[data-row]");
      const target = row && document.getElementById(`ligne-${row.dataset.row}`);
      if (target) {
        event.preventDefault();
        location.hash = target.id;
        return;
      }
      const link = cellAt(event.target);
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (pressed === placeOf(link).id) pressed = null;
      else if (saving) after = { id: placeOf(link).id, open: true };
      else open(link);
    });
    table.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-editor]")) return;
      event.preventDefault();
      save(event.submitter);
    });
    table.addEventListener("keydown", (event) => {
      if (editor?.form.contains(event.target)) onEditorKey(event);
      else if (event.target.matches("a[data-cell]")) onCellKey(event);
    });
    // Leaving a cell keeps what was typed, as in a spreadsheet.
    table.addEventListener("focusout", (event) => {
      const form = editor?.form;
      if (!form?.contains(event.target) || form.contains(event.relatedTarget)) return;
      const to = event.relatedTarget?.closest?.(".sheet-cell");
      setTimeout(() => {
        if (editor?.form !== form || saving || !document.hasFocus() || form.contains(document.activeElement)) return;
        leave(to ? { id: to.id } : { elsewhere: true });
      });
    });
    // Once a row has its organisation, the next one that waits for its own.
    let assigned = null;
    table.addEventListener("submit", (event) => {
      if (event.target.matches(".sheet-assign")) assigned = event.target.closest("tr").id;
    });
    const goOn = () => {
      let row = assigned && document.getElementById(assigned);
      assigned = null;
      while (row && !row.querySelector(".sheet-assign")) row = row.nextElementSibling;
      row?.querySelector(".sheet-assign select").focus();
    };
    // What had the focus in a row that is replaced has it again.
    let held = null;
    document.addEventListener("focusin", (event) => { held = table.contains(event.target) ? event.target.id : null; });
    const hold = () => {
      const lost = !document.activeElement || document.activeElement === document.body;
      if (held && lost) document.getElementById(held)?.focus();
    };
    document.body.addEventListener("htmx:oobAfterSwap", hold);
    document.body.addEventListener("htmx:afterRequest", () => setTimeout(hold, 50));
    document.body.addEventListener("htmx:afterSettle", () => {
      hold();
      if (assigned) goOn();
      const links = cells();
      if (!links.some((link) => link.tabIndex === 0)) enter(links[0]);
      links.forEach((link) => { if (!link.hasAttribute("tabindex")) link.tabIndex = -1; });
    });
    ["htmx:responseError", "htmx:sendError"].forEach((name) => document.body.addEventListener(name, (event) => {
      fails(true);
      // A choice that did not reach the service is not shown as made.
      if (!event.target.matches("[data-editor]")) event.target.reset?.();
    }));
    // Led elsewhere, such as to the login page: the answer is not ours.
    document.body.addEventListener("htmx:afterRequest", (event) => {
      const { xhr, pathInfo } = event.detail;
      const answered = xhr.responseURL && new URL(xhr.responseURL).pathname;
      if (answered && answered !== new URL(pathInfo.finalRequestPath, location.href).pathname) location.reload();
    });
  }

  // On a narrow screen, what acts on many rows is folded.
  if (window.matchMedia("(max-width: 48em)").matches) document.querySelector(".sheet-bulk")?.removeAttribute("open");

  // M, A, P: the answers to a possible duplicate.
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = [...document.querySelectorAll("[data-key]")];
    const button = buttons.find((one) => one.dataset.key === event.key.toLowerCase());
    if (!button) return;
    event.preventDefault();
    button.click();
  });
})();
