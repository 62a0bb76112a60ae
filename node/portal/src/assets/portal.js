/* What makes pages handier. Every page does all of its work without it; it asks nobody for anything and keeps nothing. */
"use strict";
(() => {
  const typing = (node) => node && /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);

  /* Lanes of the time axis: one stop of the tab key per lane, arrows inside it and between lanes. */
  const lanes = [...document.querySelectorAll(".lane")]
    .map((lane) => [...lane.querySelectorAll("a.item")])
    .filter((items) => items.length > 0);
  const left = (item) => item.getBoundingClientRect().left;
  lanes.forEach((items) => {
    items.sort((one, other) => left(one) - left(other));
    items.forEach((item, index) => item.setAttribute("tabindex", index === items.length - 1 ? "0" : "-1"));
  });
  const go = (items, item) => {
    items.forEach((other) => other.setAttribute("tabindex", other === item ? "0" : "-1"));
    item.focus();
  };
  const nearest = (items, at) =>
    items.reduce((best, item) => (Math.abs(left(item) - at) < Math.abs(left(best) - at) ? item : best));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const row = lanes.findIndex((items) => items.includes(document.activeElement));
    if (row >= 0) {
      const items = lanes[row];
      const at = items.indexOf(document.activeElement);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: items.length - 1 }[event.key];
      const lane = { ArrowUp: row - 1, ArrowDown: row + 1 }[event.key];
      if (to !== undefined && items[to]) go(items, items[to]);
      else if (lane !== undefined && lanes[lane]) go(lanes[lane], nearest(lanes[lane], left(items[at])));
      else if (to === undefined && lane === undefined) return;
      event.preventDefault();
      return;
    }
    /* A letter goes to its button; Enter presses it, so that a stray key decides nothing. */
    const keyed = /^[a-z]$/i.test(event.key) && document.querySelector(`[data-key="${event.key.toLowerCase()}"]`);
    if (keyed && !typing(document.activeElement)) {
      event.preventDefault();
      keyed.focus();
    }
    if (event.key === "/" && !typing(document.activeElement)) {
      const box = document.querySelector("#q, #q-top");
      if (box) {
        event.preventDefault();
        box.focus();
      }
    }
  });

  /* A signature on a tablet: points as numbers, which the server reads as numbers and draws itself. */
  const pad = document.querySelector("[data-sign]");
  if (pad && window.PointerEvent) {
    const area = pad.querySelector("svg");
    const field = document.querySelector("input[name=stroke]");
    const again = document.querySelector("[data-sign-again]");
    pad.hidden = false;
    again.hidden = false;
    document.querySelector("[data-sign-none]").hidden = true;
    let strokes = [];
    let line = null;
    const keep = () => (field.value = strokes.map((points) => points.join(" ")).join(";"));
    const point = (event) => {
      const box = area.getBoundingClientRect();
      const part = (at, from, size, most) => Math.max(0, Math.min(most, Math.round(((at - from) / size) * most)));
      return `${part(event.clientX, box.left, box.width, 1000)},${part(event.clientY, box.top, box.height, 400)}`;
    };
    const draw = (event) => {
      const box = area.getBoundingClientRect();
      line.setAttribute("points", `${line.getAttribute("points")} ${event.clientX - box.left},${event.clientY - box.top}`);
      const at = point(event);
      const own = strokes[strokes.length - 1];
      if (own[own.length - 1] !== at) own.push(at);
    };
    area.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      area.setPointerCapture(event.pointerId);
      line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      line.setAttribute("points", "");
      line.setAttribute("class", "sign-stroke");
      area.append(line);
      strokes.push([]);
      draw(event);
    });
    area.addEventListener("pointermove", (event) => line && draw(event));
    for (const end of ["pointerup", "pointercancel"]) {
      area.addEventListener(end, () => {
        line = null;
        keep();
      });
    }
    again.querySelector("button").addEventListener("click", () => {
      area.querySelectorAll("polyline").forEach((own) => own.remove());
      strokes = [];
      keep();
    });
  }
})();
