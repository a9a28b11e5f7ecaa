// Live pages without a framework: when a review moves, fetch this page again and swap the regions marked data-live
// whose HTML has changed. Without this script everything still works, by reloading.
"use strict";

(() => {
  const page = document.body;
  if (!page.hasAttribute("data-live-page")) return;

  // Countdowns use the gateway's clock, not this machine's.
  let ahead = Number(page.dataset.now) - Date.now() / 1000;

  const span = (seconds) => {
    const left = Math.max(0, Math.floor(seconds));
    const parts = [[Math.floor(left / 86400), "d"], [Math.floor(left / 3600) % 24, "h"],
      [Math.floor(left / 60) % 60, "min"], [left % 60, "s"]];
    const first = parts.findIndex(([count]) => count > 0);
    if (first < 0) return "0 s";
    return parts.slice(first, first + 2).filter(([count]) => count > 0).map((part) => part.join(" ")).join(" ");
  };

  const tick = () => {
    const now = Date.now() / 1000 + ahead;
    for (const time of document.querySelectorAll("time[data-until]")) {
      time.textContent = span(Number(time.dataset.until) - now);
    }
    for (const time of document.querySelectorAll("time[data-since]")) {
      time.textContent = span(now - Number(time.dataset.since));
    }
  };

  const regions = (root) => new Map([...root.querySelectorAll("[data-live]")].map((part) => [part.id, part]));
  const served = new Map([...regions(document)].map(([id, part]) => [id, part.innerHTML]));

  // What somebody has typed, ticked or unfolded stays; it is found again by its id.
  const kept = (root) => [...root.querySelectorAll("textarea[id], input[id], details[id]")].map((field) =>
    [field.id, field.value, field.checked, field.open]);

  const restore = (root, fields) => {
    for (const [id, value, checked, open] of fields) {
      const field = root.querySelector(`#${CSS.escape(id)}`);
      if (!field) continue;
      if (field.tagName === "DETAILS") field.open = open;
      else if (field.type === "checkbox") field.checked = checked;
      else field.value = value;
    }
  };

  const swap = (id, fresh) => {
    const old = document.getElementById(id);
    const html = fresh.innerHTML;
    if (!old || html === served.get(id)) return;
    served.set(id, html);
    const fields = kept(old);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const again = focused?.id ? `#${CSS.escape(focused.id)}` : focused?.getAttribute("href") ? `[href="${focused.getAttribute("href")}"]` : null;
    old.replaceChildren(...document.importNode(fresh, true).childNodes);
    restore(old, fields);
    if (again) old.querySelector(again)?.focus();
  };

  // Nobody must sign a card other than the one in front of them: when it changes, the forms go until it is looked at.
  const changed = () => {
    const decide = document.getElementById("live-decide");
    if (!decide || decide.dataset.stale) return;
    decide.dataset.stale = "true";
    const told = document.createElement("p");
    told.className = "told";
    told.setAttribute("role", "alert");
    told.textContent = "The card has changed since you opened this page. ";
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = "Look at the card as it is now";
    told.append(link);
    decide.replaceChildren(told);
    document.getElementById("glass")?.remove();
  };

  const PAUSE = 500; // milliseconds between two refreshes, however fast things move
  let busy = false;
  let asked = false;
  const refresh = async () => {
    if (busy) { asked = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) { asked = true; return; } // too fast, or the gateway is busy: again in a moment
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      ahead = Number(fresh.body.dataset.now) - Date.now() / 1000;
      const another = (fresh.body.dataset.card ?? "") !== (page.dataset.card ?? "");
      if (another) changed();
      for (const [id, part] of regions(fresh)) if (!(another && id === "live-decide")) swap(id, part);
      const announce = document.getElementById("announce");
      if (announce && document.title !== fresh.title) announce.textContent = fresh.title;
      document.title = fresh.title;
      tick();
    } catch {
      // The network is down; the event stream says when it is back.
    } finally {
      busy = false;
      if (asked) { asked = false; setTimeout(refresh, PAUSE); }
    }
  };

  const lost = document.getElementById("lost");
  const events = new EventSource("/api/events");
  events.addEventListener("review", refresh);
  events.addEventListener("open", () => { lost.hidden = true; refresh(); }); // moves may have been missed meanwhile
  events.addEventListener("error", () => {
    lost.hidden = false;
    if (events.readyState === EventSource.CLOSED) refresh(); // refused: a 401 sends us to the sign-in page
  });
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // never an old card
  tick();
  setInterval(tick, 1000);
})();
