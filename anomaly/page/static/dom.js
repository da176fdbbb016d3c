// Finding and making elements. Whatever comes from data stays text: nothing here makes markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// A name beside other text: its direction marks stay its own.
export const isolated = (name) => element("bdi", {}, name);
