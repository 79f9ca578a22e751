// Whom to invite from an import: counts kept up to date while boxes are checked. The page works without it.
const form = document.querySelector("[data-invite]");

const boxesOf = (channel) => [...form.querySelectorAll(`tbody input[name="${channel}"]`)];

const chosenByPlace = () => {
  const counts = {};
  form.querySelectorAll("tr[data-of]").forEach((row) => {
    const chosen = row.querySelector("input:checked") ? 1 : 0;
    counts[row.dataset.of] = (counts[row.dataset.of] || 0) + chosen;
  });
  return counts;
};

const inFrench = (count) => count.toLocaleString("fr-FR");

const recount = () => {
  if (!form.querySelector("tr[data-of]")) return;
  const counts = chosenByPlace();
  let tooFew = false;
  document.querySelectorAll("[data-place]").forEach((place) => {
    const chosen = counts[place.dataset.place] || 0;
    const here = chosen > Number(place.dataset.slots);
    const warning = place.querySelector("[data-too-few]");
    if (!warning) return;
    tooFew = tooFew || here;
    warning.hidden = !here;
    place.querySelector("[data-chosen]").textContent = inFrench(chosen);
    const people = place.querySelector("[data-chosen-people]");
    if (people) people.textContent = `${inFrench(chosen)} ${chosen < 2 ? "personne" : "personnes"}`;
  });
  document.querySelector("[data-ask]").hidden = !tooFew;
  form.querySelector("[data-total]").textContent = inFrench(Object.values(counts).reduce((sum, count) => sum + count, 0));
  form.querySelectorAll("[data-all]").forEach((all) => {
    const boxes = boxesOf(all.dataset.all);
    const checked = boxes.filter((box) => box.checked).length;
    all.checked = checked > 0 && checked === boxes.length;
    all.indeterminate = checked > 0 && checked < boxes.length;
    all.disabled = boxes.length === 0;
  });
};

if (form) {
  form.querySelectorAll("[data-all]").forEach((all) => { all.hidden = false; });
  form.addEventListener("change", (event) => {
    const channel = event.target.dataset.all;
    if (channel) boxesOf(channel).forEach((box) => { box.checked = event.target.checked; });
    recount();
  });
  form.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choose]");
    if (!choice) return;
    event.preventDefault();
    const channels = choice.dataset.choose.split(",");
    form.querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = channels.includes(box.name); });
    recount();
  });
  // The créneaux are counted again every minute.
  document.body.addEventListener("htmx:afterSettle", recount);
  recount();
}
