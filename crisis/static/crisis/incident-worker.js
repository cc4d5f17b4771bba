/* The service worker of the incident pages (scope /incidents/): without a network it shows each
   page as it was seen last, for at most a day. Lines typed meanwhile are kept by incident.js. */
"use strict";

const PAGES = "vouchsafe-incident-pages-1";
const ASSETS = "vouchsafe-incident-assets-1";
const MAX_PAGES = 20;
const MAX_AGE = 24 * 3600 * 1000;
const PATIENCE = 6000; /* ms for the network to answer, when an older page is at hand */
const PAGE = /^\/incidents\/(?:[0-9a-f-]{36}\/)?$/;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  const known = [PAGES, ASSETS];
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("vouchsafe-incident-") && !known.includes(name)) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && PAGE.test(url.pathname)) event.respondWith(page(event, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(event));
});

/* incident.js asks for the page that registered the worker, and for what it is made of. */
self.addEventListener("message", (event) => {
  const path = event.data?.keep;
  if (typeof path === "string" && PAGE.test(path)) {
    event.waitUntil((async () => {
      const cache = await caches.open(ASSETS);
      await Promise.allSettled((event.data.parts || []).map((part) => cache.add(part)));
      const response = await fetch(path, { credentials: "same-origin", redirect: "manual" });
      await keep(path, response);
    })());
  }
});

async function page(event, url) {
  const seen = await lastSeen(url.pathname);
  const fresh = fetch(event.request).then(async (response) => {
    event.waitUntil(keep(url.pathname + url.search, response.clone()));
    return response;
  });
  if (!seen) return fresh.catch(nothing);
  const late = new Promise((resolve) => setTimeout(() => resolve(seen), PATIENCE));
  return Promise.race([fresh.catch(() => seen), late]);
}

async function keep(path, response) {
  if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
    await caches.delete(PAGES); /* signed out: nothing of it stays here */
  } else if (response.ok && !path.includes("?")) {
    const cache = await caches.open(PAGES);
    const headers = new Headers(response.headers);
    headers.set("X-Seen", String(Date.now()));
    await cache.put(path, new Response(await response.blob(), { status: 200, headers }));
    const keys = await cache.keys();
    for (const old of keys.slice(0, Math.max(0, keys.length - MAX_PAGES))) await cache.delete(old);
  }
}

async function lastSeen(path) {
  const cache = await caches.open(PAGES);
  const found = await cache.match(path, { ignoreVary: true });
  if (!found) return null;
  if (Date.now() - Number(found.headers.get("X-Seen")) < MAX_AGE) return found;
  await cache.delete(path);
  return null;
}

async function asset(event) {
  const cache = await caches.open(ASSETS);
  const seen = await cache.match(event.request, { ignoreVary: true });
  const fresh = fetch(event.request).then(async (response) => {
    if (response.ok) await cache.put(event.request, response.clone());
    return response;
  });
  if (!seen) return fresh;
  event.waitUntil(fresh.catch(() => undefined));
  return seen;
}

function nothing() {
  const text = "没有网络，且此设备上没有该页面。 No network, and this page was not seen on this device.";
  return new Response(text, { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}
