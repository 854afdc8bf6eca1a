/* Reading the one table of limits (templates_5g/limits.py) that the server hands over. */
(function (E) {
  "use strict";
  const { text } = E;

  function of(name) {
    return (E.config && E.config.limits && E.config.limits[name]) || {};
  }

  function measure(value, unit) {
    return unit === "bytes" ? text.bytes(value) : text.characters(value);
  }

  /* The limit's name for a field of a fallback part or of the content. */
  function nameFor(part, field) {
    return part ? `fallback.${part}.${field}` : field;
  }

  E.limits = { of, measure, nameFor };
})(window.Songda.editor);
