// The series picker: a combobox that searches as one types, for two series or ten thousand.

import { byId, element, isolated } from "./dom.js";
import { counted, formatCount } from "./format.js";

export function makeSeriesPicker(data, choose) {
  const input = byId("picker-input"), list = byId("picker-list"), told = byId("picker-count");
  let options = [], active = -1, chosen = null, asked = 0, waiting = 0, several = { detectors: false, measures: false };

  const same = (info) => chosen !== null && info.id === chosen.id && info.detector === chosen.detector;
  const isOpen = () => !list.hidden;

  function open() {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }
  function close() {
    list.hidden = true;
    active = -1;
    asked += 1;
    clearTimeout(waiting);
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = chosen?.label ?? "";
    told.textContent = "";
  }
  function point(index) {
    active = index;
    [...list.querySelectorAll("[role=option]")].forEach((option, i) => option.classList.toggle("active", i === index));
    const option = byId(`option-${index}`);
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }
  async function search(text) {
    const question = (asked += 1);
    const found = await data.search(text).catch(() => ({ series: [], total: 0 }));
    if (question !== asked) return;
    options = found.series;
    const items = options.map((info, i) => element(
      "li", { role: "option", id: `option-${i}`, "aria-selected": String(same(info)), "data-index": i },
      isolated(info.label), element("small", {}, hint(info)),
    ));
    const more = found.total - options.length;
    if (!options.length) items.push(element("li", { class: "end", role: "presentation" }, "No series has that in its name"));
    if (more > 0) items.push(element("li", { class: "end", role: "presentation" }, `${formatCount(more)} more: type to narrow down`));
    list.replaceChildren(...items);
    told.textContent = counted(found.total, "series", "series");
    open();
    point(text && options.length ? 0 : -1);
  }
  function hint(info) {
    const parts = [];
    if (several.detectors) parts.push(info.detector);
    if (several.measures && info.label !== info.measure) parts.push(info.measure);
    if (info.stage === "LEARNING") parts.push("learning");
    else if (info.alert_count) parts.push(counted(info.alert_count, "alert"));
    return parts.join(" · ");
  }
  function take(index) {
    const info = options[index];
    if (!info) return;
    chosen = info;
    close();
    choose(info);
  }

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => { if (!isOpen()) search(""); });
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(input.value), 120);
  });
  input.addEventListener("blur", () => close());
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen()) return void search("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (options.length) point((active + step + options.length + (active < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter" && isOpen()) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      close();
      input.select();
    }
  });
  // Before the field loses the focus, or the list would be gone before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => take(Number(event.target.closest("[role=option]")?.dataset.index ?? -1)));

  return {
    show(info) {
      chosen = info;
      if (!isOpen()) input.value = info?.label ?? "";
    },
    tellApart(detectors, measures) {
      several = { detectors, measures };
    },
  };
}
