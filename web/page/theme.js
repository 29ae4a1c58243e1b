// Runs before the first paint, so that an overridden theme never flashes in the other one.
(() => {
  try {
    // In a frame of somebody's page it is theirs to say.
    const theme = location.pathname === "/embed/live" ? new URLSearchParams(location.search).get("theme") : localStorage.getItem("wireside.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is refused in some embeds; the system's theme is right then.
  }
  const scale = Number(new URLSearchParams(location.search).get("scale"));
  if (scale >= 0.5 && scale <= 3) document.documentElement.style.fontSize = `${scale * 100}%`;
})();
