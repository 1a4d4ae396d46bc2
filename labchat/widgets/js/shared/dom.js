// Elements from data. Text only ever enters through text nodes, so nothing a peer wrote can act.

const SVG = "http://www.w3.org/2000/svg";

/**
 * h("div", { class: "x", onClick: f, "aria-label": "y", dataset: { n: 1 } }, "text", node, null)
 * Null, undefined and false children and attributes are left out; true makes an empty attribute.
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Replace what `node` holds; it keeps its own identity, listeners and focusability. */
export function replace(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter(present));
  return node;
}

/** Put `nodes` into `list` in this order; what stays is not moved, so a press or the keyboard stays too. */
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => {
    if (list.children[i] !== node) list.insertBefore(node, list.children[i] ?? null);
  });
}

/** Nodes by key, for `arrange`: one is made anew only when it looks different. */
export class Kept {
  constructor() {
    this.known = new Map();
  }

  /** `wanted`: [key, looks, make] each; the keys left out are forgotten. */
  nodes(wanted) {
    const known = this.known;
    this.known = new Map();
    return wanted.map(([key, looks, make]) => {
      const before = known.get(key);
      const kept = before?.looks === looks ? before : { looks, node: make() };
      this.known.set(key, kept);
      return kept.node;
    });
  }
}

/** Set text only when it differs, so that live regions and selections are left alone. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set, or with null/undefined/false remove, an attribute. */
export function setAttribute(node, name, value) {
  if (!present(value)) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Listen on a model (or anything with on/off) and get the undoing:
 * const stop = listen(model, "change:selected", draw);
 */
export function listen(model, event, handler) {
  model.on(event, handler);
  return () => model.off(event, handler);
}

/**
 * The widget's root: our class names, and the notebook's shortcuts kept out of it ("d d" deletes a
 * cell). JupyterLab's selectors match the focused element itself, so the mark has to be there.
 */
export function root(el, ...names) {
  el.classList.add("lc", ...names);
  el.addEventListener("focusin", ({ target }) => {
    target.dataset.lmSuppressShortcuts = "true";
  });
  return el;
}

/**
 * Call `pick` with the unit (data-n) that a click is on: the one it began on, whatever has come
 * under the pointer since.
 */
export function onUnit(node, pick) {
  const unit = ({ target }) => Number(target.closest("[data-n]")?.dataset.n ?? 0);
  let pressed = 0;
  node.addEventListener("pointerdown", (event) => {
    pressed = unit(event);
  });
  node.addEventListener("click", (event) => {
    const n = pressed || unit(event);
    pressed = 0;
    if (n > 0) pick(n);
  });
}

/** Whether a scrollable element can scroll: laid out, and not skipped by content-visibility. */
export function canScroll(node) {
  return node.clientHeight > 0 && (node.checkVisibility?.({ contentVisibilityAuto: true }) ?? true);
}

/**
 * Call `redraw` when the element's size changes and when it comes into sight. A scroller that was
 * hidden (another tab of JupyterLab), taken out and put back (a cell out of sight) or squeezed (a
 * change of theme) comes back where it was, which browsers forget. Gives `scrolled`, to be asked in
 * scroll handlers and after a move of one's own whether the move is real, and `stop`.
 */
export function whenSeen(node, redraw) {
  let top = 0;
  let height = null;
  let clamped = null; // where it stands while there is not enough below for `top`
  const changed = () => {
    const known = height !== null;
    height = node.clientHeight;
    if (height === 0) return;
    if (known && node.scrollTop !== top) node.scrollTop = top;
    clamped = known && Math.abs(node.scrollTop - top) > 1 ? node.scrollTop : null;
    redraw();
  };
  const resize = new ResizeObserver(changed);
  const sight = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && changed());
  resize.observe(node);
  sight.observe(node);
  const back = ({ target }) => target === node && changed(); // put back within one frame
  node.classList.add("lc-scroller");
  node.addEventListener("animationstart", back);
  const scrolled = () => {
    const now = node.clientHeight;
    height ??= now;
    if (now === 0 || now !== height || node.scrollTop === clamped) return false;
    clamped = null;
    top = node.scrollTop;
    return true;
  };
  const stop = () => {
    node.removeEventListener("animationstart", back);
    resize.disconnect();
    sight.disconnect();
  };
  return { scrolled, stop };
}

function present(value) {
  return value !== null && value !== undefined && value !== false;
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) assign(node, name, value);
  node.append(...children.flat(Infinity).filter(present));
  return node;
}

function assign(node, name, value) {
  if (name === "dataset") Object.assign(node.dataset, value);
  else if (name === "style") for (const [key, to] of Object.entries(value)) node.style.setProperty(key, to);
  else if (/^on[A-Z]/.test(name)) node.addEventListener(name.slice(2).toLowerCase(), value);
  else setAttribute(node, name, value);
}
