// Light or dark: as the system has it, until the button overrules it.

import { byId } from "./dom.js";

const themes = {
  auto: { label: "Light or dark: automatic", text: "◐ Auto" },
  light: { label: "Light", text: "○ Light" },
  dark: { label: "Dark", text: "● Dark" },
};

// Storage may be forbidden; the choice then lasts as long as the page.
function stored() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}
function store(theme) {
  try { localStorage.setItem("theme", theme); } catch { /* as above */ }
}

export function makeThemeButton(repaint) {
  const button = byId("theme"), names = Object.keys(themes);
  let theme = names.includes(stored()) ? stored() : "auto";

  function show() {
    if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
    button.textContent = themes[theme].text;
    button.setAttribute("aria-label", themes[theme].label);
  }
  button.addEventListener("click", () => {
    theme = names[(names.indexOf(theme) + 1) % names.length];
    store(theme);
    show();
    repaint();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  show();
}
