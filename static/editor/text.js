/* Lengths and variables of a text, counted as the server counts them. */
(function (E) {
  "use strict";
  const encoder = new TextEncoder();
  const VARIABLE = /\$\{([^${}\r\n]{1,40})\}/g;

  /* Characters are code points, as in Python. */
  function characters(text) {
    let count = 0;
    for (let index = 0; index < text.length; index += text.codePointAt(index) > 0xffff ? 2 : 1) count += 1;
    return count;
  }

  /* Where each billed unit of an SMS ends, in UTF-16 units: one unit holds `single`, several hold `part` each. */
  function smsUnits(text, limit) {
    const single = limit.single || 70;
    const part = limit.part || 67;
    const length = text.length;
    const units = length <= single ? 1 : Math.ceil(length / part);
    const ends = [];
    for (let unit = 1; unit < units; unit += 1) ends.push(unit * part);
    return { length, units: length ? units : 0, ends };
  }

  /* What no database stores and no phone shows comes along with text from PDF and Word: line breaks of Word become line
     breaks, the rest goes. The server refuses the same characters. */
  function clean(text) {
    return text.replace(/[\v\f]/g, "\n").replace(/[\0-\x08\x0e-\x1f\x7f]/g, "").replace(LONE, "");
  }
  const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

  function namesIn(text) {
    return [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1]))];
  }

  function collect(value, found) {
    if (typeof value === "string") namesIn(value).forEach((name) => found.add(name));
    else if (value && typeof value === "object") Object.values(value).forEach((item) => collect(item, found));
    return found;
  }

  /* The text cut into pieces {text, kind: plain | value | missing}; a value is never expanded again. */
  function pieces(text, row) {
    const found = [];
    let from = 0;
    for (const match of text.matchAll(VARIABLE)) {
      if (match.index > from) found.push({ kind: "plain", text: text.slice(from, match.index) });
      found.push(variablePiece(match, row));
      from = match.index + match[0].length;
    }
    if (from < text.length) found.push({ kind: "plain", text: text.slice(from) });
    return found;
  }

  function variablePiece(match, row) {
    if (!row) return { kind: "name", text: match[0] };
    const value = row[match[1]];
    return value ? { kind: "value", text: String(value) } : { kind: "missing", text: match[0] };
  }

  /* Marks what lies beyond `limit` characters as `over`. */
  function markOver(parts, limit) {
    let room = limit;
    return parts.flatMap((part) => {
      const letters = [...part.text];
      const fits = letters.slice(0, Math.max(room, 0));
      room -= letters.length;
      if (fits.length === letters.length) return [part];
      const over = { kind: part.kind, over: true, text: letters.slice(fits.length).join("") };
      return fits.length ? [{ ...part, text: fits.join("") }, over] : [over];
    });
  }

  function filled(text, row) {
    return pieces(text, row).map((part) => part.text).join("");
  }

  E.text = {
    bytes: (text) => encoder.encode(text).length,
    characters,
    clean,
    smsUnits,
    namesIn,
    namesOf: (value) => [...collect(value, new Set())],
    pieces,
    markOver,
    filled,
  };
})(window.Songda.editor);
