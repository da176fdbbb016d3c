// The buttons and fields that choose a time.

import { byId } from "./dom.js";
import { fromTimeField, toTimeField } from "./format.js";

const fields = ["from", "to"];

export function makeTimeControls({ chooseNewest, choose, move }) {
  byId("presets").addEventListener("click", (event) => {
    const { hours } = event.target.dataset;
    if (hours) chooseNewest(hours === "all" ? "all" : Number(hours));
  });
  byId("earlier").addEventListener("click", () => move(-1));
  byId("later").addEventListener("click", () => move(1));
  for (const id of fields) {
    byId(id).addEventListener("change", () => {
      const [from, to] = fields.map((field) => fromTimeField(byId(field).value));
      for (const field of fields) byId(field).setAttribute("aria-invalid", String(!(from < to)));
      if (from < to) choose(from, to);
    });
  }

  // On a phone the dates come after the chart, which would be out of sight otherwise.
  const phone = matchMedia("(max-width: 40rem)");
  const placeDates = () => byId(phone.matches ? "legend" : "presets").after(byId("moves"));
  phone.addEventListener("change", placeDates);
  placeDates();

  return {
    show(view) {
      for (const id of fields) {
        if (document.activeElement !== byId(id)) byId(id).value = toTimeField(view[id]);
        byId(id).removeAttribute("aria-invalid");
      }
      for (const button of byId("presets").children) {
        button.setAttribute("aria-pressed", String(view.follow && button.dataset.hours === String(view.length)));
      }
      byId("earlier").disabled = view.from <= view.info.first;
      byId("later").disabled = view.to > view.info.last;
    },
  };
}
