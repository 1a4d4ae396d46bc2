// Bars to one scale: how many pixels a byte has, and the rule beside them. Pure.

/** Pixels a byte for bars of `totals` in `width`, leaving `spare` for the numbers behind them. */
export function pixelsPerByte(totals, width, spare = 150) {
  return Math.max(0.02, (width - spare) / Math.max(1, ...totals));
}

/** The largest round number of bytes whose rule is no longer than `most` pixels. */
export function ruleBytes(scale, most = 260) {
  let best = 1;
  for (let power = 1; power * scale <= most; power *= 10) {
    for (const step of [1, 2, 5]) if (power * step * scale <= most) best = power * step;
  }
  return best;
}
