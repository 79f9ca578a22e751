// Words of a category: say at once which ones are no longer the national ones. The page works without.
document.querySelectorAll("[data-word]").forEach((word) => {
  const input = word.querySelector("input, textarea");
  const own = word.querySelector(".word__own");
  const refresh = () => {
    const typed = input.value.trim().replace(/\s+/g, " ");
    const isOwn = typed !== "" && typed !== word.dataset.national;
    word.classList.toggle("word--own", isOwn);
    own.hidden = !isOwn;
  };
  input.addEventListener("input", refresh);
  word.querySelector("[data-back-to-national]").addEventListener("click", (event) => {
    event.preventDefault();
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  });
  refresh();
});

// What is typed, shown elsewhere at once (the sender of an SMS).
document.querySelectorAll("[data-shows]").forEach((place) => {
  const input = document.getElementById(place.dataset.shows);
  input?.addEventListener("input", () => { place.textContent = input.value.trim() || place.dataset.default; });
});
