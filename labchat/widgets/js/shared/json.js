// JSON text as tokens for display; pure. Text that is not JSON comes back as one token.

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|true|false|null)|([^"\d\-tfn]+|[-tfn])/g;

/**
 * jsonTokens('{"text": "Hi"}') -> [["mark", "{"], ["key", '"text"'], ["mark", ": "],
 * ["strong", '"Hi"'], ["mark", "}"]]; the values of keys in `strong` stand out.
 */
export function jsonTokens(source, strong = ["text"]) {
  const tokens = [];
  let key = null;
  for (const [, string, colon, atom, mark] of source.matchAll(TOKEN)) {
    if (string !== undefined && colon !== undefined) {
      key = string.slice(1, -1);
      tokens.push(["key", string], ["mark", colon]);
    } else if (string !== undefined || atom !== undefined) {
      tokens.push([strong.includes(key) ? "strong" : "value", string ?? atom]);
      key = null;
    } else tokens.push(["mark", mark]);
  }
  return tokens;
}
