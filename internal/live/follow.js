"use strict";
// Shows each page that comes in place of the one before, with what was unfolded there.
const events = new EventSource("/events");
const say = (text) => { document.title = text + document.title.replace(/^(ended: |connection lost: )/, ""); };
events.addEventListener("page", (e) => {
  const next = new DOMParser().parseFromString(e.data, "text/html");
  const open = [...document.querySelectorAll("details")].map((d) => d.open);
  next.querySelectorAll("details").forEach((d, i) => { d.open = open[i] || d.open; });
  document.title = next.title;
  document.querySelector("style").textContent = next.querySelector("style").textContent;
  document.querySelector("main").replaceWith(next.querySelector("main"));
});
events.addEventListener("end", () => { events.close(); say("ended: "); });
events.addEventListener("error", () => { say("connection lost: "); });
