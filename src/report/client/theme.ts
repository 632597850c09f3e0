import { h } from "./dom.ts";

const KEY = "sim-pipeline-report-theme";

/** A button that goes from the system's choice of light or dark to the other one, and back. */
export function themeSwitch(): HTMLElement {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = h("button", { type: "button", class: "quiet", id: "theme" });
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const tell = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.title = `Show the report in ${isDark() ? "light" : "dark"} colours`;
  };
  const kept = remembered();
  if (kept !== null) root.dataset.theme = kept;
  tell();
  dark.addEventListener("change", tell);
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    tell();
  });
  return button;
}

// A page from a disk may have no storage, and says so by throwing.

function remembered(): string | null {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "dark" || theme === "light" ? theme : null;
  } catch {
    return null;
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds until the page is closed.
  }
}
