// A rolling minute of what posts took: a dot a post, lines of running medians, a logarithmic axis.

import { h, listen, replace, root, s, setAttribute, setText } from "./shared/dom.js";
import { duration } from "./shared/format.js";
import { frame, marker, nearest, path, samples } from "./shared/latency_plot.js";

function render({ model, el }) {
  root(el, "lc-card", "lc-latency");
  const title = h("h3", {}, "What a post takes");
  const picked = h("span", { class: "lc-meta lc-plot-picked", role: "status" });
  const picture = s("svg", { class: "lc-plot", "aria-hidden": "true" });
  const plot = h("div", {
    class: "lc-plot-box", role: "slider", tabindex: "0", "aria-label": "Posts, oldest first", "aria-valuemin": "0",
    onClick: (event) => pickAt(event),
    onKeydown: (event) => onKey(event),
  }, picture);
  const keys = h("table", { class: "lc-plot-keys" });
  const note = h("p", { class: "lc-meta lc-plot-note" }, "At the tap, from a post's last byte; the way from a client to the tap is not in it. The scale is logarithmic, a line is the median of 15.");
  el.append(h("div", { class: "lc-bar-head" }, title, picked), plot, keys, note);
  let all = [];

  const pick = (sample) => {
    if (!sample) return;
    model.set("selected", sample.n);
    model.save_changes();
  };
  const space = () => frame(model.get("view"), plot.clientWidth || 700, model.get("height"));
  const pickAt = (event) => {
    const box = picture.getBoundingClientRect();
    pick(nearest(all, space(), event.clientX - box.left, event.clientY - box.top));
  };
  const onKey = (event) => {
    const at = all.findIndex(({ n }) => n === model.get("selected"));
    const to = { ArrowLeft: at < 0 ? all.length - 1 : at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || all.length === 0) return;
    event.preventDefault();
    pick(all[Math.max(0, Math.min(all.length - 1, to))]);
  };
  const draw = () => {
    const view = model.get("view");
    all = samples(view.series);
    const place = space();
    for (const [name, value] of [["width", place.width], ["height", place.height]]) setAttribute(picture, name, value);
    replace(picture, axes(view, place), view.series.map((series) => dots(series, place)), chosen(all, place, model.get("selected")));
    replace(keys, view.series.length ? table(view.series) : h("tbody", {}, h("tr", {}, h("td", { class: "lc-quiet" }, view.said))));
    tell();
  };
  const tell = () => {
    const at = all.findIndex(({ n }) => n === model.get("selected"));
    const sample = all[at];
    const words = sample ? `unit ${sample.n}: ${sample.name} after ${duration(sample.ms)}` : "";
    setText(picked, words);
    setAttribute(plot, "aria-valuemax", Math.max(0, all.length - 1));
    setAttribute(plot, "aria-valuenow", Math.max(0, at));
    setAttribute(plot, "aria-valuetext", words || model.get("view").said);
  };
  const undo = ["view", "selected", "height"].map((name) => listen(model, `change:${name}`, draw));
  const resize = new ResizeObserver(draw);
  resize.observe(plot);
  draw();
  return () => {
    resize.disconnect();
    for (const stop of undo) stop();
  };
}

function axes(view, place) {
  const levels = view.ticks.map(([ms, label]) => [
    s("line", { class: "lc-plot-rule", x1: place.left, x2: place.width - place.right, y1: place.y(ms), y2: place.y(ms) }),
    s("text", { class: "lc-plot-label", x: place.left - 6, y: place.y(ms) + 4, "text-anchor": "end" }, label),
  ]);
  const seconds = place.seconds.map((at) => s("text", { class: "lc-plot-label", x: place.x(at), y: place.height - 6, "text-anchor": "middle" }, `${at} s`));
  return [levels, seconds];
}

function dots(series, place) {
  return s(
    "g",
    { class: `lc-plot-${series.key}` },
    s("path", { class: "lc-plot-line", d: path(series.line, place) }),
    series.points.map(([n, at, ms]) => s("path", { class: "lc-plot-dot", d: marker(series.key, place.x(at), place.y(ms)), "data-n": n })),
  );
}

function chosen(all, place, selected) {
  const sample = all.find(({ n }) => n === selected);
  return sample ? s("circle", { class: "lc-plot-chosen", cx: place.x(sample.at), cy: place.y(sample.ms), r: 7 }) : null;
}

function table(series) {
  const head = h("tr", {}, ["came of it", "p50, last minute", "p95, last minute", "in all"].map((word) => h("th", { scope: "col" }, word)));
  const rows = series.map((each) => h(
    "tr",
    {},
    h("th", { scope: "row" }, s("svg", { class: `lc-plot-${each.key} lc-plot-key`, width: 22, height: 12, "aria-hidden": "true" }, s("path", { class: "lc-plot-line", d: "M0 6H22" }), s("path", { class: "lc-plot-dot", d: marker(each.key, 11, 6) })), each.name),
    h("td", {}, each.p50),
    h("td", {}, each.p95),
    h("td", {}, each.count),
  ));
  return [h("thead", {}, head), h("tbody", {}, rows)];
}

export default { render };
