// The agents' calendar, drawn by FullCalendar. Everything it does, other pages do without it: the table shows the
// same, a rdv's own page moves it, "Nouveau rendez-vous" creates one.
(() => {
  const root = document.querySelector("[data-calendar]");
  if (!root || !window.FullCalendar) return;
  root.hidden = false;
  root.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });

  const { events: EVENTS, preferences: PREFERENCES, move: MOVE, table: TABLE, print: PRINT,
    organisation: ORGANISATION, zone: ZONE, csrf: CSRF } = root.dataset;
  const REFRESH_EVERY = 60_000;
  const MOST_BESIDE = 6;
  const FULL_CALENDAR_VIEWS = { jour: "timeGridDay", semaine: "timeGridWeek", mois: "dayGridMonth", liste: "listWeek", agents: "timeGridDay" };
  const narrow = window.matchMedia("(max-width: 48em)");
  const find = (selector) => document.querySelector(selector);
  const filters = root.querySelector("[data-filters]");
  const title = document.getElementById("agenda-period");
  const dayField = document.getElementById("agenda-day");
  const onePlace = root.querySelector("[data-one]");
  const restPlace = root.querySelector("[data-rest]");
  const besidePlace = root.querySelector("[data-beside]");

  // --- Hours are wall clocks of the organisation, written without a zone; FullCalendar takes them for UTC. ---
  const nowThere = () => new Date().toLocaleString("sv-SE", { timeZone: ZONE }).replace(" ", "T");
  const todayThere = () => nowThere().slice(0, 10);
  const wall = (date) => date.toISOString().slice(0, 19);
  const dayOf = (date) => date.toISOString().slice(0, 10);
  const clock = (date) => {
    const minutes = date.getUTCMinutes();
    return `${date.getUTCHours()}\u00a0h${minutes ? `\u00a0${String(minutes).padStart(2, "0")}` : ""}`;
  };
  const longDay = (date) => new Intl.DateTimeFormat("fr-FR", {
    weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  }).format(date).replace(/ 1 /, " 1er ");

  // --- What is chosen ---
  const state = {
    view: root.querySelector("[name=vue]:checked")?.value || "semaine",
    day: root.dataset.day,
  };
  const shownView = () => (narrow.matches && !["jour", "liste", "mois"].includes(state.view) ? "liste" : state.view);
  const boxes = () => [...filters.querySelectorAll("[name=agents]")];
  const chosenAgents = () => {
    const checked = boxes().filter((box) => box.checked);
    return (checked.length ? checked : boxes()).map((box) => ({
      id: Number(box.value), name: box.labels[0].textContent.trim(),
    }));
  };
  const choiceParameters = () => {
    const parameters = new URLSearchParams({ organisation: ORGANISATION, vue: state.view });
    for (const [name, value] of new FormData(filters)) if (name !== "plages" && name !== "week-end") parameters.append(name, value);
    parameters.set("plages", filters.elements.plages.checked ? "oui" : "non");
    parameters.set("week-end", filters.elements["week-end"].checked ? "oui" : "non");
    return parameters;
  };

  // --- Trouble, said once ---
  const trouble = root.querySelector("[data-trouble]");
  function say(text, retry = true) {
    trouble.hidden = !text;
    trouble.querySelector("[data-trouble-text]").textContent = text || "";
    trouble.querySelector("[data-retry]").hidden = !retry;
  }
  class Expired extends Error {}
  async function ask(address, options = {}) {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin", ...options });
    if (answer.redirected || !(answer.headers.get("Content-Type") || "").includes("json")) {
      if (answer.redirected) throw new Expired();
      throw new Error(String(answer.status));
    }
    return { status: answer.status, body: await answer.json() };
  }
  const post = (address, fields, options = {}) => ask(address, {
    ...options,
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": CSRF },
    body: fields instanceof URLSearchParams ? fields : new URLSearchParams(fields),
  });
  const EXPIRED = "Votre session est terminée : rechargez la page pour vous reconnecter.";

  // --- Events: one request for all the calendars of the page ---
  let loaded = { key: "", text: "", events: [] };
  let loading = null;
  let calendars = [];
  let dragging = false;

  function range() {
    const view = calendars[0].view;
    const first = new Date(view.activeStart);
    const last = new Date(view.activeEnd);
    if (view.type !== "timeGridDay") {
      // Whole weeks, hidden days too: a rdv on a Saturday makes the Saturday appear.
      first.setUTCDate(first.getUTCDate() - ((first.getUTCDay() + 6) % 7));
      last.setUTCDate(last.getUTCDate() + ((8 - last.getUTCDay()) % 7));
    }
    return { start: dayOf(first), end: dayOf(last) };
  }

  async function load({ quietly = false } = {}) {
    if (!calendars.length) return;
    const parameters = choiceParameters();
    const { start, end } = range();
    parameters.set("start", start);
    parameters.set("end", end);
    const key = parameters.toString();
    if (loading?.key === key && !quietly) return;
    const mine = { key };
    loading = mine;
    if (!quietly) root.setAttribute("aria-busy", "true");
    try {
      const { body } = await ask(`${EVENTS}?${key}`);
      if (loading !== mine) return;
      // What was drawn while somebody drags or answers must stay under their hand.
      if (quietly && busy()) return;
      const text = JSON.stringify(body.events);
      say("");
      if (text !== loaded.text || key !== loaded.key) {
        loaded = { key, text, events: body.events };
        draw();
      }
    } catch (error) {
      if (loading !== mine) return;
      if (error instanceof Expired) say(EXPIRED, false);
      else say("L'agenda n'a pas pu être lu. Vérifiez votre connexion : un nouvel essai a lieu toutes les minutes.");
    } finally {
      if (loading === mine) {
        loading = null;
        root.removeAttribute("aria-busy");
      }
    }
  }

  function draw() {
    const focused = document.activeElement?.closest?.("[data-event]")?.dataset.event;
    const rdvs = loaded.events.filter((event) => event.kind === "rdv" || event.kind === "occupe");
    root.querySelector("[data-empty]").hidden = rdvs.length > 0;
    fitHours();
    fitDays();
    for (const calendar of calendars) {
      const agent = calendar.agentId;
      const several = !agent && chosenAgents().length > 1;
      calendar.batchRendering(() => {
        calendar.removeAllEventSources();
        calendar.addEventSource(
          (several ? together(loaded.events) : loaded.events)
            .filter((event) => !agent || event.allDay || event.agents.includes(agent))
            .map((event) => toFullCalendar(event, several, calendar.view.type))
            .filter(Boolean),
        );
      });
    }
    if (focused) document.querySelector(`[data-event="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // Plages of several agents at the same hours are one, with all their initials.
  function together(events) {
    const plages = new Map();
    for (const event of events.filter((one) => one.kind === "plage")) {
      const key = `${event.start} ${event.end}`;
      const known = plages.get(key);
      if (!known) plages.set(key, { ...event, initials: [event.initials] });
      else if (!known.initials.includes(event.initials)) known.initials.push(event.initials);
    }
    const merged = [...plages.values()].map((event) => ({ ...event, initials: event.initials.join(" ") }));
    return [...events.filter((event) => event.kind !== "plage"), ...merged];
  }

  function toFullCalendar(event, several, viewType) {
    const inMonth = viewType === "dayGridMonth";
    const common = {
      id: event.id, title: event.title, start: event.start, end: event.end, allDay: Boolean(event.allDay),
      editable: false, extendedProps: { ...event, several },
      // In a month, FullCalendar would draw a mere dot.
      display: inMonth ? "block" : "auto",
    };
    if (event.kind === "plage") {
      return inMonth || viewType === "listWeek" ? null : { ...common, display: "background", classNames: ["ev-plage"] };
    }
    if (event.kind === "ferie") return { ...common, classNames: ["ev", "ev-ferie"], interactive: false };
    if (event.kind !== "rdv") {
      return { ...common, classNames: ["ev", `ev-${event.kind}`], interactive: false, backgroundColor: "#f6f6f6", borderColor: "#666666", textColor: "#161616" };
    }
    const tall = !inMonth && new Date(event.end) - new Date(event.start) >= 3_600_000;
    return {
      ...common,
      url: event.url,
      editable: event.movable,
      // A month has no hours: there, a rdv is opened, not moved.
      startEditable: event.movable && !inMonth,
      durationEditable: event.movable && !inMonth,
      interactive: true,
      backgroundColor: event.cancelled ? "#ffffff" : event.color,
      borderColor: event.color,
      textColor: event.cancelled ? "#3a3a3a" : event.ink,
      classNames: ["ev", "ev-rdv", `ev-rdv--${event.state}`, event.cancelled ? "ev-rdv--cancelled" : "ev-rdv--live", tall ? "ev--tall" : "ev--short"],
    };
  }

  // Hours shown: those of an office day, and more when something happens outside.
  const hours = { first: 8, last: 19 };
  function fitHours() {
    let { first, last } = hours;
    for (const event of loaded.events) {
      if (event.allDay || event.kind === "absence" || event.start.slice(0, 10) !== event.end.slice(0, 10)) continue;
      first = Math.min(first, Number(event.start.slice(11, 13)));
      last = Math.max(last, Math.ceil(Number(event.end.slice(11, 13)) + Number(event.end.slice(14, 16)) / 60));
    }
    const bounds = { slotMinTime: `${String(first).padStart(2, "0")}:00:00`, slotMaxTime: `${String(last).padStart(2, "0")}:00:00` };
    for (const calendar of [...calendars, ...axes]) {
      for (const [name, value] of Object.entries(bounds)) {
        if (calendar.getOption(name) !== value) calendar.setOption(name, value);
      }
    }
  }

  // A weekend is hidden unless it is asked for, or somebody has a rdv there.
  const usuallyHidden = () => (filters.elements["week-end"].checked || !["semaine", "mois"].includes(shownView()) ? [] : [0, 6]);
  function fitDays() {
    const hidden = new Set(usuallyHidden());
    for (const event of loaded.events) {
      if (event.kind === "rdv" || event.kind === "occupe") hidden.delete(new Date(`${event.start}Z`).getUTCDay());
    }
    const wanted = [...hidden].sort();
    for (const calendar of calendars) {
      if (String(calendar.getOption("hiddenDays")) !== String(wanted)) calendar.setOption("hiddenDays", wanted);
    }
  }

  // --- How an event looks ---
  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }
  function icon(name) {
    const made = element("span", `ev__icon ${name} fr-icon--sm`);
    made.setAttribute("aria-hidden", "true");
    return made;
  }
  function content({ event, timeText, view }) {
    const about = event.extendedProps;
    // What FullCalendar shows under the pointer while a range is being selected.
    if (!about.kind) return { domNodes: [element("span", "ev__time", timeText)] };
    const inList = view.type === "listWeek";
    if (about.kind === "plage") {
      const words = about.several ? about.initials : [about.title, about.place].filter(Boolean).join(" · ");
      const label = element("span", "ev-plage__label", words);
      label.prepend(element("span", "fr-sr-only", "Plage d'ouverture : "));
      return { domNodes: [label] };
    }
    const box = element("span", "ev__box");
    const head = element("span", "ev__head");
    if (!inList && !event.allDay) head.append(element("span", "ev__time", timeText), " ");
    if (about.stateIcon) head.append(icon(about.stateIcon));
    if (about.placeIcon) head.append(icon(`ev__icon--place ${about.placeIcon}`));
    if (about.collective) head.append(icon("ev__icon--place fr-icon-team-line"));
    if (about.kind === "absence") head.append(icon("fr-icon-close-circle-line"));
    if (about.initials && !inList && (about.several || about.agents.length > 1)) head.append(element("span", "ev__who", about.initials), " ");
    head.append(element(about.cancelled ? "s" : "span", "ev__title", event.title));
    box.append(head);
    if (about.kind === "rdv") {
      const parts = [about.motif, about.place];
      const rest = `${about.stateLabel}, avec ${about.with}`;
      if (inList) parts.push(rest);
      box.append(" ", element("span", "ev__line", parts.filter(Boolean).join(" · ")));
      if (!inList) box.append(element("span", "fr-sr-only", `, ${rest}`));
    } else if (inList && about.with) box.append(" ", element("span", "ev__line", about.with));
    return { domNodes: [box] };
  }
  function mounted({ event, el }) {
    const about = event.extendedProps;
    if (!about.kind) return;
    el.dataset.event = event.id;
    el.dataset.kind = about.kind;
    if (about.kind === "rdv") {
      el.title = [about.moment, event.title, about.motif, about.place, about.stateLabel, `Avec ${about.with}`].join("\n");
    }
  }

  // --- Drawing one calendar, or one for each agent ---
  const two = (number) => String(number).padStart(2, "0");
  const frenchHours = ({ date, start, end }) => {
    const write = (one) => `${one.hour} h${one.minute ? ` ${two(one.minute)}` : ""}`;
    const from = start || date;
    return end && (end.hour !== from.hour || end.minute !== from.minute) ? `${write(from)} – ${write(end)}` : write(from);
  };
  const options = (place) => ({
    locale: "fr",
    timeZone: "UTC",
    now: nowThere,
    nowIndicator: true,
    initialDate: state.day,
    initialView: FULL_CALENDAR_VIEWS[shownView()],
    headerToolbar: false,
    firstDay: 1,
    hiddenDays: usuallyHidden(),
    height: "auto",
    stickyHeaderDates: true,
    slotMinTime: "08:00:00",
    slotMaxTime: "19:00:00",
    slotDuration: "00:30:00",
    snapDuration: "00:15:00",
    slotLabelInterval: "01:00:00",
    slotLabelFormat: frenchHours,
    eventTimeFormat: frenchHours,
    slotEventOverlap: false,
    allDayText: "Jour",
    noEventsText: "Rien sur cette période.",
    dayHeaderFormat: place === "month" ? { weekday: "short" } : { weekday: "short", day: "numeric", month: "short" },
    displayEventEnd: false,
    views: {
      dayGridMonth: { dayHeaderFormat: { weekday: "long" }, dayMaxEvents: 6 },
      listWeek: { displayEventEnd: true },
    },
    dayPopoverFormat: { weekday: "long", day: "numeric", month: "long" },
    moreLinkHint: (count) => `Montrer ${count} autres`,
    navLinks: !narrow.matches,
    navLinkDayClick: (date) => { state.day = dayOf(date); choose("jour"); },
    navLinkHint: (text) => `Voir le ${text}`,
    selectable: true,
    selectMirror: true,
    unselectAuto: true,
    longPressDelay: 500,
    // What may move says so itself.
    editable: true,
    droppable: place === "beside",
    dragRevertDuration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    eventContent: content,
    eventDidMount: mounted,
    eventDragStart: () => { dragging = true; },
    eventDragStop: (info) => { dragging = false; dropped(info); },
    eventResizeStart: () => { dragging = true; },
    eventResizeStop: () => { dragging = false; },
    eventDrop: (info) => askToMove(info, { to: handedTo() }),
    eventResize: (info) => askToMove(info),
  });

  function writeTitle() {
    const view = calendars[0].view;
    const words = view.type === "timeGridDay" ? longDay(view.currentStart) : view.title;
    title.textContent = words.charAt(0).toUpperCase() + words.slice(1);
  }

  let axes = [];
  let built = "";
  function build() {
    built = shownView();
    [...calendars, ...axes].forEach((calendar) => calendar.destroy());
    calendars = [];
    axes = [];
    besidePlace.replaceChildren();
    const beside = shownView() === "agents";
    onePlace.hidden = beside;
    restPlace.hidden = true;
    besidePlace.hidden = !beside;
    if (beside) buildBeside();
    else {
      const calendar = new FullCalendar.Calendar(onePlace, {
        ...options("one"),
        select: (info) => create(info, null),
      });
      calendar.render();
      calendars = [calendar];
    }
    loaded = { key: "", text: "", events: [] };
    arrived();
  }

  // The hours are a calendar of their own, without events, that stays at the left while the agents scroll.
  function buildBeside() {
    const agents = chosenAgents();
    const axis = element("div", "agenda-beside__axis");
    axis.setAttribute("aria-hidden", "true");
    axis.inert = true;
    const axisGrid = element("div");
    axis.append(element("div", "agenda-beside__name"), axisGrid);
    besidePlace.append(axis);
    const common = { ...options("beside"), dayHeaders: false, allDaySlot: false };
    axes = [new FullCalendar.Calendar(axisGrid, { ...common, selectable: false })];
    for (const agent of agents.slice(0, MOST_BESIDE)) {
      const column = element("div", "agenda-beside__agent");
      const name = element("h3", "agenda-beside__name", agent.name);
      const grid = element("div");
      name.id = `beside-${agent.id}`;
      column.setAttribute("role", "group");
      column.setAttribute("aria-labelledby", name.id);
      column.append(name, grid);
      besidePlace.append(column);
      const calendar = new FullCalendar.Calendar(grid, {
        ...common,
        slotLabelContent: () => "",
        select: (info) => create(info, agent.id),
        eventReceive: (info) => askToMove(info, { to: handedTo() }),
      });
      calendar.agentId = agent.id;
      calendars.push(calendar);
    }
    [...axes, ...calendars].forEach((calendar) => calendar.render());
    const rest = agents.slice(MOST_BESIDE).map((agent) => agent.name).join(", ");
    restPlace.textContent = `Six agents au plus côte à côte. Ne sont pas montrés : ${rest}.`;
    restPlace.hidden = !rest;
  }

  // After any change of period, view or filters.
  function arrived() {
    writeTitle();
    state.day = dayOf(calendars[0].getDate());
    dayField.value = state.day;
    const address = new URL(window.location.href);
    address.search = new URLSearchParams({ jour: state.day }).toString();
    window.history.replaceState(window.history.state, "", address);
    const parameters = choiceParameters();
    parameters.delete("organisation");
    const table = new URLSearchParams(parameters);
    table.set("jour", state.day);
    root.querySelector("[data-table-link]").href = `${TABLE}?${table}`;
    const print = new URLSearchParams({ jour: state.day });
    chosenAgents().forEach((agent) => print.append("agent", agent.id));
    root.querySelector("[data-print-link]").href = `${PRINT}?${print}`;
    load();
  }

  // --- Moving about ---
  const STEPS = { jour: "day", agents: "day", semaine: "week", liste: "week", mois: "month" };
  function go(where) {
    const all = [...calendars, ...axes];
    if (where === "today") all.forEach((calendar) => calendar.gotoDate(todayThere()));
    else all.forEach((calendar) => (where === "prev" ? calendar.prev() : calendar.next()));
    arrived();
  }
  function goToDay(day) {
    state.day = day;
    [...calendars, ...axes].forEach((calendar) => calendar.gotoDate(day));
    arrived();
  }
  function choose(view) {
    if (!STEPS[view]) return;
    const before = shownView();
    state.view = view;
    const radio = root.querySelector(`[name=vue][value=${view}]`);
    if (radio) radio.checked = true;
    keep();
    if (before === "agents" || view === "agents") build();
    else {
      calendars[0].setOption("hiddenDays", usuallyHidden());
      built = shownView();
      calendars[0].changeView(FULL_CALENDAR_VIEWS[shownView()], state.day);
      loaded.text = "";
      arrived();
    }
  }
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (button) go(button.dataset.go);
    const quick = event.target.closest("[data-agents]");
    if (quick) {
      boxes().forEach((box) => { box.checked = quick.dataset.agents === "all" || "me" in box.dataset; });
      filtered();
    }
    const toggle = event.target.closest("[data-toggle-filters]");
    if (toggle) {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      toggle.setAttribute("aria-expanded", String(open));
      filters.classList.toggle("agenda-side__form--open", open);
    }
    if (event.target.closest("[data-retry]")) load();
  });
  root.addEventListener("change", (event) => {
    if (event.target.name === "vue") choose(event.target.value);
    else if (event.target === dayField) { if (dayField.value) goToDay(dayField.value); }
    else if (filters.contains(event.target)) filtered();
  });
  filters.addEventListener("submit", (event) => event.preventDefault());
  function filtered() {
    keep();
    if (shownView() === "agents") build();
    else {
      loaded.text = "";
      arrived();
    }
  }
  root.querySelector("[data-keys]").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    // The arrows of a region that scrolls are its own.
    if (event.target === besidePlace && event.key.startsWith("Arrow")) return;
    const where = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next", t: "today" }[event.key];
    if (!where) return;
    event.preventDefault();
    // The event that had the focus goes away with its period.
    if (event.target.closest("[data-event]")) root.querySelector(`[data-go=${where}]`).focus();
    go(where);
  });
  narrow.addEventListener("change", () => { if (shownView() !== built) build(); });

  // --- Remembering ---
  let keeping = null;
  function keep() {
    clearTimeout(keeping);
    keeping = setTimeout(keepNow, 400);
  }
  function keepNow() {
    clearTimeout(keeping);
    keeping = null;
    post(PREFERENCES, choiceParameters(), { keepalive: true }).catch(() => {});
  }
  window.addEventListener("pagehide", () => { if (keeping) keepNow(); });

  // --- Creating ---
  const createDialog = find("[data-create-dialog]");
  const QUARTER = 15 * 60_000;
  const HALF_HOUR = 2 * QUARTER;
  function create({ start, end, allDay, view }, agentId) {
    // A mere click means the half hour that was clicked.
    if (!allDay && end - start <= QUARTER) {
      start = new Date(Math.floor(start / HALF_HOUR) * HALF_HOUR);
      end = new Date(Number(start) + HALF_HOUR);
    }
    const day = dayOf(start);
    // In a month, a day is chosen rather than hours.
    const timed = !allDay && view.type !== "dayGridMonth";
    const agents = chosenAgents();
    const select = createDialog.querySelector("select");
    select.replaceChildren(...agents.map((agent) => new Option(agent.name, agent.id)));
    if (agentId) select.value = agentId;
    else {
      const me = boxes().find((box) => "me" in box.dataset);
      if (me && agents.some((agent) => String(agent.id) === me.value)) select.value = me.value;
    }
    createDialog.querySelector("[data-create-agents]").hidden = agents.length < 2;
    createDialog.querySelector("h2").textContent = `${longDay(start)}${timed ? `, de ${clock(start)} à ${clock(end)}` : ""}`.replace(/^./, (one) => one.toUpperCase());
    const aim = () => createDialog.querySelectorAll("[data-create]").forEach((link) => {
      const parameters = new URLSearchParams({ agent: select.value, jour: day });
      if (timed) {
        parameters.set("debut", wall(start).slice(11, 16));
        parameters.set("fin", wall(end).slice(11, 16));
      }
      link.href = `${link.dataset.create}?${parameters}`;
    });
    select.onchange = aim;
    aim();
    createDialog.showModal();
  }
  createDialog.querySelector("[data-create-close]").addEventListener("click", () => createDialog.close());
  createDialog.addEventListener("close", () => calendars.forEach((calendar) => calendar.unselect()));
  createDialog.addEventListener("click", (event) => { if (event.target === createDialog) createDialog.close(); });

  // --- Moving a rdv ---
  const moveDialog = find("[data-move-dialog]");
  const warnings = moveDialog.querySelector("[data-move-warnings]");
  const refusal = moveDialog.querySelector("[data-move-error]");
  const confirm = moveDialog.querySelector("[data-move-confirm]");
  const notify = document.getElementById("move-notify");
  let moving = null;

  function askToMove(info, { to = null } = {}) {
    const about = info.event.extendedProps;
    const old = loaded.events.find((event) => event.id === info.event.id);
    const start = wall(info.event.start);
    const end = info.event.end ? wall(info.event.end) : old.end;
    const from = to ? origin : null;
    if (info.event.allDay || (old.start === start && old.end === end && !to)) { info.revert(); return; }
    moving = { info, old, start, end, from, to, acknowledged: "", sending: false };
    confirm.disabled = false;
    confirm.textContent = "Déplacer";
    warnings.hidden = true;
    refusal.hidden = true;
    notify.checked = true;
    moveDialog.querySelector("[data-move-notify]").hidden = !about.people || old.start === start;
    moveDialog.querySelector("[data-move-summary]").textContent = summary(moving);
    moveDialog.showModal();
    confirm.focus();
  }
  // From which agent to which one: FullCalendar only notices a calendar entered at another hour.
  let origin = null;
  let target = null;
  const agentAt = (element) => {
    const name = element?.closest(".agenda-beside__agent")?.querySelector("h3");
    return name ? Number(name.id.replace("beside-", "")) : null;
  };
  const handedTo = () => (target && target !== origin ? target : null);
  besidePlace.addEventListener("pointerdown", (event) => { origin = agentAt(event.target); }, true);
  function dropped({ event, jsEvent }) {
    const point = jsEvent.changedTouches?.[0] || jsEvent;
    const under = document.elementsFromPoint(point.clientX, point.clientY);
    target = agentAt(under.find((element) => besidePlace.contains(element) && agentAt(element)));
    // Right after this, FullCalendar says that the hours changed, unless they did not.
    setTimeout(() => {
      if (!moving && handedTo()) askToMove({ event, revert: () => {} }, { to: handedTo() });
    });
  }

  function summary({ old, start, end, to }) {
    const before = new Date(`${old.start}Z`);
    const after = new Date(`${start}Z`);
    const finish = new Date(`${end}Z`);
    const who = `Rendez-vous de ${old.title}`;
    const colleague = to ? ` Il sera confié à ${chosenAgents().find((agent) => agent.id === to)?.name.replace(" (moi)", "") || "cet agent"}.` : "";
    if (old.start === start && old.end === end) return `${who}, ${longDay(before)} à ${clock(before)}.${colleague}`;
    if (old.start === start) return `${who}, ${longDay(before)} à ${clock(before)} : il finira à ${clock(finish)} au lieu de ${clock(new Date(`${old.end}Z`))}.${colleague}`;
    if (dayOf(before) === dayOf(after)) return `${who}, ${longDay(before)} : il passe de ${clock(before)} à ${clock(after)}.${colleague}`;
    return `${who} : il passe du ${longDay(before)} à ${clock(before)} au ${longDay(after)} à ${clock(after)}.${colleague}`;
  }

  function putBack() {
    if (!moving) return;
    moving.info.revert();
    moving = null;
    // From one agent to another, that only takes it away from the second one.
    draw();
    load({ quietly: true });
  }
  moveDialog.querySelector("[data-move-cancel]").addEventListener("click", () => moveDialog.close());
  // Escape, the button, or a page left: whatever closes the dialog before the server agreed puts the rdv back.
  moveDialog.addEventListener("close", putBack);
  moveDialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (moving && !moving.sending) sendMove();
  });

  async function sendMove() {
    const mine = moving;
    mine.sending = true;
    confirm.disabled = true;
    const told = notify.checked && !moveDialog.querySelector("[data-move-notify]").hidden;
    let answer;
    try {
      answer = await postMove(mine.old.rdv, {
        start: mine.start, end: mine.end, from: mine.from || "", to: mine.to || "",
        notify: told, acknowledged: mine.acknowledged,
      });
    } catch (error) {
      answer = { status: 0, body: { error: error instanceof Expired ? EXPIRED : "Le déplacement n'a pas pu être enregistré. Vérifiez votre connexion, puis recommencez." } };
    }
    mine.sending = false;
    if (moving !== mine) { load(); return; }
    if (answer.status === 200) {
      moving = null;
      moveDialog.close();
      toast(answer.body.message, {
        rdv: mine.old.rdv, start: mine.old.start, end: mine.old.end, from: mine.to || "", to: mine.from || "", notify: told, acknowledged: "1",
      });
      loaded.text = "";
      load();
      return;
    }
    confirm.disabled = false;
    if (answer.status === 409) {
      warnings.querySelector("[data-move-list]").replaceChildren(...answer.body.warnings.map((text) => element("li", "", text)));
      warnings.hidden = false;
      refusal.hidden = true;
      mine.acknowledged = answer.body.fingerprint;
      confirm.textContent = "Déplacer quand même";
      moveDialog.querySelector("[data-move-cancel]").focus();
      return;
    }
    refusal.querySelector("[data-move-refusal]").textContent = answer.body.error || "Ce rendez-vous ne peut pas être déplacé ici.";
    refusal.hidden = false;
    warnings.hidden = true;
    confirm.disabled = answer.status !== 0;
    moveDialog.querySelector("[data-move-cancel]").focus();
  }
  const postMove = (rdv, { start, end, from, to, notify: told, acknowledged }) => post(MOVE.replace("/0/", `/${rdv}/`), {
    organisation: ORGANISATION, start, end, from, to, notify: told ? "1" : "", acknowledged,
  });

  // --- What was done, and undoing it ---
  const toastBox = find("[data-toast] > div");
  let undoable = null;
  function toast(text, undo) {
    toastBox.querySelector("[data-toast-text]").textContent = text;
    toastBox.querySelector("[data-toast-undo]").hidden = !undo;
    toastBox.hidden = false;
    undoable = undo || null;
  }
  toastBox.querySelector("[data-toast-close]").addEventListener("click", () => { toastBox.hidden = true; });
  toastBox.querySelector("[data-toast-undo]").addEventListener("click", async () => {
    const undo = undoable;
    if (!undo) return;
    undoable = null;
    try {
      const { status, body } = await postMove(undo.rdv, undo);
      toast(status === 200 ? `C'est annulé. ${body.message}` : body.error || (body.warnings || []).join(" "), null);
    } catch {
      toast("L'annulation n'a pas pu être enregistrée. Vérifiez votre connexion, puis recommencez.", undo);
    }
    loaded.text = "";
    load();
  });

  // --- Refreshing by itself ---
  const busy = () => dragging || moveDialog.open || createDialog.open;
  setInterval(() => { if (!document.hidden && !busy()) load({ quietly: true }); }, REFRESH_EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !busy()) load({ quietly: true }); });
  window.addEventListener("focus", () => { if (!busy()) load({ quietly: true }); });
  window.addEventListener("online", () => load());

  build();
})();
