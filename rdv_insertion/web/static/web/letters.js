// Letters open in another tab: this page is out of date when one comes back to it.
let printed = false;
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-print]")) printed = true;
});
document.addEventListener("visibilitychange", () => {
  if (printed && document.visibilityState === "visible") window.location.reload();
});
