// Numbers and bytes as text; pure.

const THIN = "\u202f";

/** 65535 -> "65 535", with a narrow no-break space. */
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** Milliseconds with two decimals: 4127.5512 -> "4 127.55". */
export function milliseconds(value) {
  const [whole, part] = Math.abs(value).toFixed(2).split(".");
  return `${value < 0 ? "−" : ""}${grouped(whole)}.${part}`;
}

/** A span of time for a person: 0.31 -> "0.31 ms", 684.2 -> "684 ms", 2400 -> "2.4 s". */
export function duration(ms) {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** plural(1, "byte") -> "1 byte"; plural(1200, "byte") -> "1 200 bytes". */
export function plural(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function hex2(byte) {
  return byte.toString(16).padStart(2, "0");
}

export function hexOf(bytes, separator = " ") {
  return Array.from(bytes, hex2).join(separator);
}

export function bytesOf(hex) {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The byte as ASCII, or null where it is not printable. */
export function printable(byte) {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : null;
}

/** RFC 6455 section 5.3: octet i of the payload is XORed with octet i mod 4 of the key. */
export function unmask(bytes, key, offset = 0) {
  return Uint8Array.from(bytes, (byte, i) => byte ^ key[(offset + i) % 4]);
}
