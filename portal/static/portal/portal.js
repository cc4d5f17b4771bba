/* Small comforts. Every page works without this file. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const KEYS_OFF = "vouchsafe.keys.off";
  const keysOff = () => {
    try { return localStorage.getItem(KEYS_OFF) === "1"; } catch { return false; }
  };
  const say = (text) => {
    const live = document.getElementById("live");
    if (live) live.textContent = text;
  };
  /* Where tabs scroll (on a phone), the one that is open is in sight. */
  for (const tab of document.querySelectorAll(".tabs > [aria-current]")) {
    const bar = tab.parentElement;
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }

  const showKeys = () => {
    for (const button of document.querySelectorAll("[data-toggle-keys]")) {
      button.setAttribute("aria-pressed", String(!keysOff()));
    }
  };

  /* Copy buttons: <button class="copy" data-copy="text" data-done="Copied"> */
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say(button.dataset.done || "");
      button.classList.add("text-ok");
      setTimeout(() => button.classList.remove("text-ok"), 1200);
    } catch {
      window.prompt("", button.dataset.copy);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-toggle-keys], [data-print]");
    if (button?.dataset.copy !== undefined) copy(button);
    else if (button && "print" in button.dataset) window.print();
    else if (button) {
      try { localStorage.setItem(KEYS_OFF, keysOff() ? "0" : "1"); } catch { /* private mode */ }
      showKeys();
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  /* Forms: data-confirm asks first; data-guard warns before leaving with unsaved changes. */
  let unsaved = false;
  /* Pages that a service worker keeps for a lost network go with the session. */
  const forgetPages = async () => {
    for (const name of await (window.caches?.keys() ?? [])) {
      if (name.startsWith("vouchsafe-incident-pages")) window.caches.delete(name);
    }
  };
  document.addEventListener("submit", (event) => {
    const asked = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (asked && !window.confirm(asked)) event.preventDefault();
    else unsaved = false;
    if (event.target.action?.endsWith?.("/sign-out/")) forgetPages();
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-guard]")) unsaved = true;
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  /* Keyboard. data-key="a" on a control focuses (and opens) it; data-key-click also presses it.
     j and k walk the [data-item] elements. Typing in a field is never disturbed, and the user
     menu turns single-key shortcuts off (WCAG 2.1.4). */
  const typing = (node) => node.closest?.("input, select, textarea, [contenteditable]");
  const walk = (step) => {
    const items = [...document.querySelectorAll("[data-item]")].filter((n) => n.offsetParent);
    if (!items.length) return false;
    const at = items.findIndex((n) => n.contains(document.activeElement));
    const item = items[Math.min(Math.max(at + step, 0), items.length - 1)];
    const target = item.matches("a, button, [tabindex]") ? item : item.querySelector("a, button") || item;
    if (!target.matches("a, button, [tabindex]")) target.tabIndex = -1;
    target.focus();
    item.scrollIntoView({ block: "nearest" });
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || keysOff()) return;
    if (event.key === "/") {
      const search = document.querySelector('input[type="search"][name="q"]');
      if (search) { search.focus(); event.preventDefault(); }
      return;
    }
    if (event.key === "j" || event.key === "k") {
      if (walk(event.key === "j" ? 1 : -1)) event.preventDefault();
      return;
    }
    if (!/^[a-z?]$/.test(event.key)) return;
    const control = document.querySelector(`[data-key="${event.key}"]`);
    if (!control) return;
    event.preventDefault();
    const closed = control.closest("details:not([open])");
    if (closed) closed.open = true;
    control.focus();
    if ("keyClick" in control.dataset) control.click();
  });

  /* Relative times stay right while a page is open. */
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto" });
  const refreshTimes = () => {
    for (const node of document.querySelectorAll("time[data-relative]")) {
      const seconds = (new Date(node.dateTime) - Date.now()) / 1000;
      const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) || units[3];
      const text = relative.format(Math.round(seconds / size), unit);
      if (node.dataset.relative === "text") node.textContent = text;
      else node.title = text;
    }
  };
  document.addEventListener("DOMContentLoaded", () => { showKeys(); refreshTimes(); });
  document.addEventListener("htmx:load", () => { showKeys(); refreshTimes(); });
  setInterval(refreshTimes, 30000);

  /* A part that could not be loaded says so instead of staying silently old. */
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => {
      const node = document.getElementById("offline");
      if (node) node.hidden = false;
    });
  }
  document.addEventListener("htmx:afterOnLoad", () => {
    const node = document.getElementById("offline");
    if (node) node.hidden = true;
  });
})();
