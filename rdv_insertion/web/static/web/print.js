// The button of pages made to be printed; without scripts the browser's own menu does it.
document.querySelectorAll("[data-print-now]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
