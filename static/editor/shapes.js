/* The shapes of templates_5g.blocks: blank content, what each kind of button needs, and changing from kind to kind.
   Inside the editor every card, button and frame carries a `key`, so that it keeps its place on screen and its focus when
   it moves; `dump` takes the keys out again. */
(function (E) {
  "use strict";
  let counter = 0;

  const KINDS = ["text", "card", "carousel", "file", "place", "mms", "sms"];
  const RICH_KINDS = ["text", "card", "carousel", "file", "place"];
  const SUGGESTION_FIELDS = {
    reply: [],
    open_url: ["url", "application"],
    dial: ["phone"],
    show_place: ["latitude", "longitude", "place"],
    find_place: ["query"],
    ask_place: [],
    compose: ["phone", "text"],
    calendar: ["start", "end", "title", "description"],
  };
  const LISTS = ["cards", "suggestions", "frames"];

  function newKey() {
    counter += 1;
    return "k" + counter;
  }

  /* Unique beyond this template, since replies of several templates come back through one sender. */
  function newData(kind) {
    const bytes = crypto.getRandomValues(new Uint8Array(6));
    return kind + "-" + [...bytes].map((byte) => byte.toString(36).padStart(2, "0")).join("");
  }

  function suggestion(kind, old) {
    const fresh = { kind, label: (old && old.label) || "", data: (old && old.data) || newData(kind) };
    for (const name of SUGGESTION_FIELDS[kind]) {
      fresh[name] = (old && old[name]) || (name === "application" ? "browser" : "");
    }
    return { ...fresh, key: (old && old.key) || newKey() };
  }

  const media = (asset) => ({ asset, height: "MEDIUM", thumbnail: "", alt: "" });
  const card = () => ({ title: "", description: "", media: null, suggestions: [], key: newKey() });
  const frame = () => ({ seconds: 5, text: "", media: null, key: newKey() });
  const styles = () => ({ title_style: [], description_style: [] });

  const BLANK = {
    text: () => ({ kind: "text", text: "", suggestions: [] }),
    card: () => ({
      kind: "card", orientation: "VERTICAL", alignment: "", ...styles(), card: card(), suggestions: [],
    }),
    carousel: () => ({
      kind: "carousel", width: "MEDIUM_WIDTH", ...styles(), cards: [card(), card()], suggestions: [],
    }),
    file: () => ({ kind: "file", media: null, suggestions: [] }),
    place: () => ({ kind: "place", latitude: "", longitude: "", label: "", suggestions: [] }),
    mms: () => ({ kind: "mms", title: "", frames: [frame()] }),
    sms: () => ({ kind: "sms", text: "" }),
  };

  const FALLBACK_BLANK = {
    sms: () => ({ text: "" }),
    mms: () => ({ title: "", frames: [frame()] }),
    aim: () => ({ text: "" }),
    h5: () => ({ text: "" }),
  };

  function isItem(value) {
    return value !== null && typeof value === "object" && !Array.isArray(value);
  }

  function withKeys(value) {
    if (!isItem(value)) return value;
    const copy = { ...value };
    for (const name of Object.keys(copy)) {
      if (LISTS.includes(name)) copy[name] = (copy[name] || []).map((item) => ({ ...withKeys(item), key: newKey() }));
      else if (isItem(copy[name])) copy[name] = withKeys(copy[name]);
    }
    return copy;
  }

  function dump(value) {
    if (Array.isArray(value)) return value.map(dump);
    if (!isItem(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== "key")
        .map(([name, item]) => [name, dump(item)]),
    );
  }

  /* A copy of a card, button or frame: own keys, own postback data. */
  function duplicate(item) {
    const copy = { ...withKeys(item), key: newKey() };
    if ("data" in copy) copy.data = newData(copy.kind);
    if (copy.suggestions) {
      copy.suggestions = copy.suggestions.map((one) => ({ ...one, data: newData(one.kind) }));
    }
    return copy;
  }

  function open(content) {
    const blank = BLANK[content && content.kind] || BLANK.card;
    return withKeys({ ...blank(), ...(content || {}) });
  }

  function openFallback(fallback) {
    return withKeys({ sms: null, mms: null, aim: null, h5: null, ...(fallback || {}) });
  }

  /* What of one kind can go into another: the cards, the styles, the words, the chips. */
  function convert(content, kind) {
    const next = BLANK[kind]();
    if (next.suggestions && content.suggestions) next.suggestions = content.suggestions;
    if (next.title_style && content.title_style) {
      next.title_style = content.title_style;
      next.description_style = content.description_style;
    }
    const cards = content.cards || (content.card ? [content.card] : []);
    if (kind === "carousel" && cards.length) next.cards = [{ ...cards[0], key: newKey() }, ...next.cards.slice(1)];
    else if (kind === "card" && cards.length) next.card = cards[0];
    else if (kind === "card" && content.text) next.card = { ...next.card, description: content.text };
    else if ("text" in next) next.text = content.text || (cards[0] && cards[0].description) || "";
    return next;
  }

  E.shapes = {
    KINDS, RICH_KINDS, SUGGESTION_FIELDS, FALLBACK_PARTS: Object.keys(FALLBACK_BLANK),
    blank: (kind) => BLANK[kind](), blankFallback: (part) => FALLBACK_BLANK[part](),
    card, frame, media, suggestion, newData, duplicate, open, openFallback, dump, convert,
  };
})(window.Songda.editor);
