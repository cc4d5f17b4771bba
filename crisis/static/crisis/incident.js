/* Lines of an incident's log survive a lost network: they wait in this device's IndexedDB, each
   under an id of its own, and are sent when the network is back. The page works without this. */
(() => {
  "use strict";
  const words = document.getElementById("incident-offline")?.dataset;
  if (!words) return;
  const form = document.querySelector("form[data-log]");
  const live = () => document.getElementById("incident-live");

  /* The worker came after the page and what it is made of: it is asked to keep both. */
  const parts = () => performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => new URL(name).origin === location.origin && new URL(name).pathname.startsWith("/static/"));
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker
      .register(words.worker, { scope: words.scope })
      .then(() => navigator.serviceWorker.ready)
      .then((registration) => registration.active?.postMessage({ keep: location.pathname, parts: parts() }))
      .catch(() => undefined);
  }
  if (!("indexedDB" in window)) return;

  /* The store */
  const opened = new Promise((resolve, reject) => {
    const request = indexedDB.open("vouchsafe-incidents", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("lines", { keyPath: "client_id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const store = async (mode, act) => {
    const database = await opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction("lines", mode, { durability: "strict" });
      const request = act(transaction.objectStore("lines"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  };
  const put = (line) => store("readwrite", (lines) => lines.put(line));
  const remove = (id) => store("readwrite", (lines) => lines.delete(id));
  const all = async () => {
    const lines = await store("readonly", (kept) => kept.getAll());
    return lines.sort((a, b) => a.written_at.localeCompare(b.written_at));
  };
  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  /* What waits, on the page */
  const state = (text) => {
    const node = document.getElementById("log-state");
    if (!node) return;
    node.textContent = text;
    node.hidden = !text;
  };
  const show = async (note = "") => {
    const lines = await all();
    const mine = lines.filter((line) => line.user === words.user);
    const waiting = mine.filter((line) => !line.refused);
    const said = [];
    if (waiting.length === 1) said.push(words.one);
    else if (waiting.length) said.push(words.many.replace("{n}", waiting.length));
    if (lines.length > mine.length) said.push(words.foreign);
    if (note) said.push(note);
    else if (!navigator.onLine) said.push(words.stale);
    state(said.join(" · "));
    const list = document.getElementById("waiting");
    if (!list) return;
    const here = mine.filter((line) => line.incident === live()?.dataset.incident);
    list.replaceChildren(...here.reverse().map(item));
    list.hidden = !here.length;
  };
  const item = (line) => {
    const row = document.createElement("li");
    const dot = document.createElement("span");
    dot.className = `dot tone-${line.refused ? "danger" : "warn"}`;
    const body = document.createElement("div");
    const what = document.createElement("p");
    what.className = "what words";
    what.textContent = line.text || line.files.map((file) => file.name).join(", ");
    const meta = document.createElement("p");
    meta.className = "meta";
    const typed = new Date(line.written_at).toLocaleString(document.documentElement.lang);
    meta.textContent = `${words.typed} ${typed} · ${line.refused ? `${words.refused} ${line.refused}` : words.kept}`;
    body.append(what, meta);
    if (line.refused && form) {
      const back = document.createElement("button");
      back.type = "button";
      back.className = "btn small";
      back.textContent = words.back;
      back.addEventListener("click", async () => {
        form.elements.text.value = [form.elements.text.value, line.text].filter(Boolean).join("\n");
        form.elements.text.focus();
        await remove(line.client_id);
        show();
      });
      body.append(back);
    }
    row.append(dot, body);
    return row;
  };

  /* Sending */
  let token = () => {
    try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]; } catch { return ""; }
  };
  const freshToken = async () => {
    const answer = await fetch(words.scope, { credentials: "same-origin" });
    if (answer.redirected || !answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("input[name=csrfmiddlewaretoken]")?.value
      || JSON.parse(page.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"];
    if (!found) return false;
    token = () => found;
    return true;
  };
  const post = (line) => {
    const body = new FormData();
    body.set("text", line.text);
    body.set("client_id", line.client_id);
    if (line.at) body.set("at", line.at);
    if (line.waited) body.set("written_at", line.written_at);
    for (const file of line.files) body.append("file", file, file.name);
    return fetch(line.url, {
      method: "POST", body, credentials: "same-origin", redirect: "manual",
      headers: { "HX-Request": "true", "X-CSRFToken": token() },
    });
  };
  /* True when the line is settled; otherwise why all must wait. */
  const send = async (line) => {
    let answer = await post(line);
    if (answer.status === 403 && (await freshToken())) answer = await post(line);
    if (answer.headers.get("HX-Redirect") || answer.type === "opaqueredirect" || answer.status === 401) {
      return words.signIn;
    }
    if (answer.ok) {
      await remove(line.client_id);
      return true;
    }
    if (answer.status === 429 || answer.status >= 500) return words.kept;
    const said = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
    await put({ ...line, refused: said ? await answer.text() : String(answer.status) });
    return true;
  };
  let sending = false;
  const flush = async () => {
    if (sending) return;
    sending = true;
    let note = "";
    let sent = false;
    try {
      for (const line of await all()) {
        if (line.user !== words.user || line.refused) continue;
        let done;
        try {
          done = await send(line);
        } catch {
          done = words.kept;
        }
        if (done !== true) {
          if (!line.waited) await put({ ...line, waited: true });
          note = done;
          break;
        }
        sent = true;
      }
    } finally {
      sending = false;
    }
    await show(note);
    if (sent && live() && window.htmx) window.htmx.trigger(live(), "refresh");
  };

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.elements.text.value.trim();
    const files = [...form.elements.file.files];
    if (!text && !files.length) return;
    const line = {
      client_id: newId(), incident: live()?.dataset.incident, user: words.user, url: form.action,
      text, at: form.elements.at.value, files, waited: !navigator.onLine,
      written_at: new Date().toISOString(),
    };
    try {
      await put(line);
    } catch {
      form.submit(); /* no room on the device: the plain way */
      return;
    }
    form.reset();
    await show();
    flush();
  });
  form?.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  window.addEventListener("online", flush);
  window.addEventListener("offline", () => show());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  document.addEventListener("htmx:load", () => show());
  setInterval(async () => { if ((await all()).some((line) => !line.refused)) flush(); }, 15000);
  flush();
})();
