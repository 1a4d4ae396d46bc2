// Where two texts differ: the one stretch between what they share at both ends. Pure.

/** [start, stop] in `now` of what is not in `was`, or null when they are equal. */
export function changedStretch(was, now) {
  if (was === now) return null;
  const most = Math.min(was.length, now.length);
  let start = 0;
  while (start < most && was[start] === now[start]) start += 1;
  let tail = 0;
  while (tail < most - start && was[was.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  return [start, now.length - tail];
}
