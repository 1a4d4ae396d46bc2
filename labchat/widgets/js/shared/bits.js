// From fields with bit spans to what each byte and each ruler row shows. Pure.

/**
 * Which fields hold each byte: byteOwners([{start, stop}, …], 2) -> [[0, 1, 2], [3, 4]].
 * `offset` is the number of the first byte wanted.
 */
export function byteOwners(fields, count, offset = 0) {
  const owners = Array.from({ length: count }, () => []);
  fields.forEach((field, index) => {
    const first = Math.max(0, Math.floor(field.start / 8) - offset);
    const stop = Math.min(count, Math.ceil(field.stop / 8) - offset);
    for (let byte = first; byte < stop; byte += 1) owners[byte].push(index);
  });
  return owners;
}

/** The classes in a byte with the bits each has there: [["bit", 1], ["len", 7]]. */
export function shares(fields, owners, byte) {
  const parts = [];
  for (const index of owners) {
    const { start, stop, cls } = fields[index];
    const bits = Math.min(stop, 8 * byte + 8) - Math.max(start, 8 * byte);
    if (parts.at(-1)?.[0] === cls) parts.at(-1)[1] += bits;
    else parts.push([cls, bits]);
  }
  return parts;
}

/**
 * The RFC's figure: rows of 32 bits, each a list of pieces of fields.
 * A piece: {field, column, bits, from, more}: `from` is true when it continues a row above, `more`
 * when the field goes on below.
 */
export function rulerRows(fields, totalBits, rows = 3) {
  const figure = [];
  for (let row = 0; row < rows && row * 32 < totalBits; row += 1) {
    const left = row * 32;
    const right = Math.min(left + 32, totalBits);
    const pieces = [];
    fields.forEach((field, index) => {
      const start = Math.max(field.start, left);
      const stop = Math.min(field.stop, right);
      if (stop <= start) return;
      const spread = { from: field.start < left, more: field.stop > right };
      pieces.push({ field: index, column: start - left, bits: stop - start, ...spread });
    });
    figure.push(pieces);
  }
  return figure;
}

/** Bits `start` to `stop` of the bytes, as "0" and "1". */
export function bitText(bytes, start, stop) {
  let text = "";
  for (let bit = start; bit < stop; bit += 1) text += (bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
  return text;
}

/** The byte that an arrow key leads to, or null: 16 a row, Shift goes by field. */
export function nextByte(key, at, count, owners, { shift = false, control = false } = {}) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -16, ArrowDown: 16, PageUp: -128, PageDown: 128 };
  if (key === "Home") return control ? 0 : at - (at % 16);
  if (key === "End") return control ? count - 1 : Math.min(count - 1, at - (at % 16) + 15);
  if (!(key in steps)) return null;
  if (shift && key.startsWith("Arrow")) return byField(steps[key], at, count, owners);
  const to = at + steps[key];
  return to >= 0 && to < count ? to : at;
}

function byField(step, at, count, owners) {
  const forward = step > 0;
  const here = owners[at].at(forward ? -1 : 0);
  let byte = at;
  while (byte >= 0 && byte < count && owners[byte].includes(here)) byte += forward ? 1 : -1;
  if (byte < 0 || byte >= count) return at;
  const there = owners[byte].at(forward ? 0 : -1);
  while (!forward && byte > 0 && owners[byte - 1].includes(there)) byte -= 1;
  return byte;
}
