/* Paths as people say them: "cards.1.suggestions.0.url" is "Card 2 · Button 1 · Link". */
(function (E) {
  "use strict";
  const { words: w, fill } = E;

  const NAMES = {
    ...w.fields, title: w.title, description: w.description, media: w.media, thumbnail: w.thumbnail, alt: w.alt,
    height: w.height, width: w.width, orientation: w.orientation, alignment: w.alignment, title_style: w.titleStyle,
    description_style: w.descriptionStyle, seconds: w.seconds, fallback: w.fallback, kind: w.kind,
  };

  function numbered(name, index, isFirst) {
    const number = index + 1;
    if (name === "cards") return fill(w.cardNumber, { number });
    if (name === "frames") return fill(w.frameNumber, { number });
    return fill(isFirst ? w.chip : w.button, { number });
  }

  function placeOf(path) {
    const steps = path.split(".");
    const said = [];
    for (let at = 0; at < steps.length; at += 1) {
      const isNumbered = /^\d+$/.test(steps[at + 1] || "");
      if (isNumbered) said.push(numbered(steps[at], Number(steps[at + 1]), at === 0));
      else if (at === 1 && steps[0] === "fallback") said.push(w.parts[steps[at]]);
      else if (steps[at] === "label" && at === 0) said.push(w.placeName);
      else said.push(NAMES[steps[at]]);
      if (isNumbered) at += 1;
    }
    return said.filter(Boolean).join(" · ");
  }

  E.placeOf = placeOf;
})(window.Songda.editor);
