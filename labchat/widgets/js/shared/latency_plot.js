// Where things stand in the chart of latencies; pure.

const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 24;

/** The chart's space: x of seconds, y of milliseconds (logarithmic), and the seconds to name. */
export function frame({ start, stop, low, high }, width, height) {
  const across = Math.max(1, width - LEFT - RIGHT);
  const down = Math.max(1, height - TOP - BOTTOM);
  const decades = Math.log10(high / low);
  return {
    width,
    height,
    left: LEFT,
    right: RIGHT,
    x: (at) => LEFT + ((at - start) / (stop - start)) * across,
    y: (ms) => TOP + (1 - Math.log10(Math.max(ms, low) / low) / decades) * down,
    seconds: whole(start, stop, Math.max(2, Math.floor(across / 90))),
  };
}

/** Round seconds from start to stop, at most `most` of them, a step of 1, 2 or 5 times ten apart. */
export function whole(start, stop, most) {
  let step = 0.1;
  for (const factor of [2, 2.5, 2, 2, 2.5, 2, 2, 2.5, 2]) {
    if ((stop - start) / step <= most - 1) break;
    step *= factor;
  }
  const found = [];
  for (let i = Math.ceil(start / step - 1e-9); i * step <= stop + 1e-9; i += 1) found.push(Number((i * step).toFixed(1)));
  return found.length ? found : [Number(start.toFixed(1))];
}

/** All points of all series as objects, oldest first. */
export function samples(series) {
  return series
    .flatMap(({ key, name, points }) => points.map(([n, at, ms]) => ({ key, name, n, at, ms })))
    .sort((a, b) => a.at - b.at || a.n - b.n);
}

/** The sample nearest to a place in the chart, or undefined when none is near. */
export function nearest(all, place, x, y, reach = 24) {
  let best;
  let least = reach;
  for (const sample of all) {
    const far = Math.hypot(place.x(sample.at) - x, place.y(sample.ms) - y);
    if (far <= least) [best, least] = [sample, far];
  }
  return best;
}

/** A dot for sent to a receiver, a diamond for acknowledged, a square for POST. */
export function marker(key, x, y) {
  const [a, b] = [x.toFixed(1), y.toFixed(1)];
  if (key === "stored") return `M${a} ${b}m-4.5 0l4.5 -4.5l4.5 4.5l-4.5 4.5z`;
  if (key === "answered") return `M${a} ${b}m-3.5 -3.5h7v7h-7z`;
  return `M${a} ${b}m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0`;
}

/** A line through points of [seconds, milliseconds]. */
export function path(points, place) {
  return points.map(([at, ms], i) => `${i ? "L" : "M"}${place.x(at).toFixed(1)} ${place.y(ms).toFixed(1)}`).join("");
}
