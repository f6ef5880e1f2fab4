// Runs before the first picture, so that who has chosen a theme never sees the other one. theme.ts keeps the choice.
try {
  const theme = localStorage.getItem("partnerhub:theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that forbids storage shows the theme of the system.
}
