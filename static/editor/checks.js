/* Courtesy checks while typing, from the same table of limits as the server's. The server's word counts: its problems
   replace these as soon as it has seen the same content. */
(function (E) {
  "use strict";
  const { limits, words: w, fill, text, shapes } = E;
  const cache = new WeakMap();

  function problem(path, rule, message, severity) {
    return { path, rule, message, severity: severity || "error" };
  }

  function checkText(name, path, value) {
    const limit = limits.of(name);
    if (!value.trim()) return limit.least ? [problem(path, "required", w.required)] : [];
    const length = text.characters(value);
    if (limit.most && length > limit.most) {
      return [problem(path, "length", fill(w.tooLong, { over: length - limit.most, most: limit.most }))];
    }
    return warnText(limit, path, value, length);
  }

  function warnText(limit, path, value, length) {
    const count = limits.measure(value, limit.warn_unit);
    if (limit.warn && count > limit.warn) {
      const sentence = limit.warn_unit === "bytes" ? w.tooManyBytes : w.longWarning;
      return [problem(path, "length.operator", fill(sentence, { count, most: limit.warn }), "warning")];
    }
    if (limit.hint && length > limit.hint) {
      return [problem(path, "may_fold", fill(w.mayFold, { most: limit.hint }), "warning")];
    }
    return [];
  }

  function checkCount(name, path, count) {
    const limit = limits.of(name);
    if (limit.most && count > limit.most) return [problem(path, "count", fill(w.tooMany, { most: limit.most }))];
    if (limit.least && count < limit.least) return [problem(path, "count", fill(w.tooFew, { least: limit.least }))];
    if (limit.warn && count > limit.warn) {
      return [problem(path, "count.operator", fill(w.manyWarning, { most: limit.warn }), "warning")];
    }
    return [];
  }

  const hasVariable = (value) => text.namesIn(value).length > 0;

  function checkUrl(path, value) {
    if (!value || hasVariable(value)) return [];
    return /^https?:\/\/[^\s\/]+/i.test(value) ? [] : [problem(path, "url", w.badUrl)];
  }

  function checkPhone(path, value) {
    if (!value || hasVariable(value)) return [];
    return /^\+?\d{3,20}$/.test(value) ? [] : [problem(path, "phone", w.badPhone)];
  }

  function checkDegrees(path, value, most) {
    if (!value.trim()) return [problem(path, "required", w.required)];
    const good = /^-?\d+(\.\d+)?$/.test(value) && Math.abs(Number(value)) <= most;
    return good ? [] : [problem(path, "coordinate", fill(w.badNumber, { least: -most, most }))];
  }

  function checkTimes(item) {
    const found = ["start", "end"].filter((name) => !item[name]).map((name) => problem(name, "required", w.required));
    if (!found.length && item.end < item.start) found.push(problem("end", "calendar.order", w.badTime));
    return found;
  }

  /* By kind of button: what its own fields must hold. */
  const BUTTON_CHECKS = {
    open_url: (item) => [...checkText("suggestion.url", "url", item.url), ...checkUrl("url", item.url)],
    dial: (item) => [...checkText("suggestion.phone", "phone", item.phone), ...checkPhone("phone", item.phone)],
    show_place: (item) => [
      ...checkDegrees("latitude", item.latitude, 90),
      ...checkDegrees("longitude", item.longitude, 180),
      ...checkText("suggestion.place", "place", item.place),
    ],
    find_place: (item) => checkText("suggestion.query", "query", item.query),
    compose: (item) => [
      ...checkText("suggestion.phone", "phone", item.phone),
      ...checkPhone("phone", item.phone),
      ...checkText("suggestion.text", "text", item.text),
    ],
    calendar: (item) => [
      ...checkTimes(item),
      ...checkText("suggestion.title", "title", item.title),
      ...checkText("suggestion.description", "description", item.description),
    ],
  };

  function checkSuggestion(item) {
    const own = BUTTON_CHECKS[item.kind];
    return [
      ...checkText("suggestion.label", "label", item.label),
      ...checkText("suggestion.data", "data", item.data),
      ...(own ? own(item) : []),
    ];
  }

  /* Immutable values are checked once: a key typed in one card checks that card alone. */
  function remembered(item, check) {
    if (!cache.has(item)) cache.set(item, check(item));
    return cache.get(item);
  }

  function under(prefix, problems) {
    return problems.map((one) => ({ ...one, path: one.path ? `${prefix}.${one.path}` : prefix }));
  }

  function checkEach(list, name, check) {
    return list.flatMap((item, index) => under(`${name}.${index}`, remembered(item, check)));
  }

  function checkSuggestions(list, limitName) {
    return [...checkCount(limitName, "suggestions", list.length), ...checkEach(list, "suggestions", checkSuggestion)];
  }

  function checkMedia(media) {
    if (!media) return [];
    const missing = media.asset ? [] : [problem("media.asset", "required", w.required)];
    return [...missing, ...checkText("media.alt", "media.alt", media.alt)];
  }

  function checkCard(card) {
    const empty = !card.title.trim() && !card.description.trim() && !card.media;
    return [
      ...(empty ? [problem("", "card.empty", w.emptyCard)] : []),
      ...checkMedia(card.media),
      ...checkText("card.title", "title", card.title),
      ...checkText("card.description", "description", card.description),
      ...checkSuggestions(card.suggestions, "card.suggestions"),
    ];
  }

  function checkFrame(frame) {
    const empty = !frame.text.trim() && !frame.media;
    return empty ? [problem("", "mms.empty", w.emptyFrame)] : [];
  }

  function checkMms(content) {
    return [
      ...checkText("mms.title", "title", content.title),
      ...checkCount("mms.frames", "frames", content.frames.length),
      ...checkEach(content.frames, "frames", checkFrame),
    ];
  }

  const BODY_CHECKS = {
    text: (content) => checkText("text.text", "text", content.text),
    card: (content) => under("card", remembered(content.card, checkCard)),
    carousel: (content) => [
      ...checkCount("carousel.cards", "cards", content.cards.length),
      ...checkEach(content.cards, "cards", checkCard),
    ],
    file: (content) => (content.media && content.media.asset ? [] : [problem("media", "required", w.required)]),
    place: (content) => [
      ...checkDegrees("latitude", content.latitude, 90),
      ...checkDegrees("longitude", content.longitude, 180),
      ...checkText("place.label", "label", content.label),
    ],
    mms: checkMms,
    sms: (content) => checkText("sms.text", "text", content.text),
  };

  function allSuggestions(content) {
    const found = [];
    const note = (list, path) => (list || []).forEach((item, index) => found.push([item, `${path}.${index}.data`]));
    (content.cards || []).forEach((card, index) => note(card.suggestions, `cards.${index}.suggestions`));
    if (content.card) note(content.card.suggestions, "card.suggestions");
    note(content.suggestions, "suggestions");
    return found;
  }

  function checkRepeated(content) {
    const seen = new Set();
    return allSuggestions(content).flatMap(([item, path]) => {
      if (!item.data) return [];
      if (seen.has(item.data)) return [problem(path, "postback.repeated", w.repeated, "warning")];
      seen.add(item.data);
      return [];
    });
  }

  function checkFallback(fallback) {
    const texts = ["sms", "aim", "h5"].filter((part) => fallback[part]);
    return [
      ...texts.flatMap((part) => checkText(`fallback.${part}.text`, `fallback.${part}.text`, fallback[part].text)),
      ...(fallback.mms ? under("fallback.mms", checkMms(fallback.mms)) : []),
    ];
  }

  function all(content, fallback) {
    return [
      ...BODY_CHECKS[content.kind](content),
      ...(content.suggestions ? checkSuggestions(content.suggestions, "suggestions") : []),
      ...checkRepeated(content),
      ...(shapes.RICH_KINDS.includes(content.kind) ? checkFallback(fallback) : []),
    ];
  }

  E.checks = { all };
})(window.Songda.editor);
