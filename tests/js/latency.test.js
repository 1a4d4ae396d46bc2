import assert from "node:assert/strict";
import { test } from "node:test";

import { frame, marker, nearest, path, samples, whole } from "../../labchat/widgets/js/shared/latency_plot.js";

const VIEW = { start: 10, stop: 70, low: 0.1, high: 100 };

test("a decade is as high as the next one, and time runs to the right", () => {
  const place = frame(VIEW, 772, 234);
  assert.equal(place.x(10), 58);
  assert.equal(place.x(70), 758);
  const levels = [0.1, 1, 10, 100].map(place.y);
  assert.deepEqual(levels.map((y) => levels[0] - y).map(Math.round), [0, 67, 133, 200]);
  assert.equal(place.y(0.0001), place.y(0.1), "nothing falls out below");
});

test("seconds are named at round steps, as many as there is room for", () => {
  assert.deepEqual(whole(10, 70, 8), [10, 20, 30, 40, 50, 60, 70]);
  assert.deepEqual(whole(0, 1, 3), [0, 0.5, 1]);
  assert.deepEqual(whole(3.2, 63.2, 4), [20, 40, 60]);
  assert.ok(frame(VIEW, 10, 10).seconds.length > 0, "even without room");
});

test("samples of all series in the order of time, and the one that is pointed at", () => {
  const all = samples([
    { key: "stored", name: "acknowledged", points: [[9, 20, 2]] },
    { key: "delivered", name: "sent", points: [[8, 20, 0.5], [12, 30, 0.5]] },
  ]);
  assert.deepEqual(all.map(({ n }) => n), [8, 9, 12]);
  const place = frame(VIEW, 772, 234);
  assert.equal(nearest(all, place, place.x(20) + 3, place.y(2) - 3).n, 9);
  assert.equal(nearest(all, place, place.x(50), place.y(50)), undefined);
});

test("each series has a shape of its own", () => {
  const shapes = ["delivered", "stored", "answered"].map((key) => marker(key, 1, 2));
  assert.equal(new Set(shapes).size, 3);
  assert.ok(shapes.every((shape) => shape.startsWith("M1.0 2.0")));
});

test("a line starts once and goes on", () => {
  const place = frame(VIEW, 772, 234);
  assert.equal(path([[10, 100], [70, 0.1]], place), "M58.0 10.0L758.0 210.0");
  assert.equal(path([], place), "");
});
