// Copying an address; without scripts it is selected and copied by hand.
(() => {
  const said = document.querySelector("[data-copied]");
  document.querySelectorAll("[data-copy]").forEach((button) => {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        said.textContent = "Lien copié.";
      } catch {
        said.textContent = "Le lien est sélectionné : copiez-le avec Ctrl + C.";
      }
    });
    field.addEventListener("focus", () => field.select());
  });
})();
