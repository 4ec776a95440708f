// Light or dark: as the machine says, unless the operator chose. Runs before the page is painted.
(() => {
  const held = localStorage.getItem("theme");
  if (held === "light" || held === "dark") document.documentElement.dataset.theme = held;
})();
