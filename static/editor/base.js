/* The one global of the editor. Every file of this folder adds its part to `Songda.editor`; the order of loading is the
   order of TemplateEditorWidget.Media. */
window.Songda = window.Songda || {};
window.Songda.editor = {};

(function (E) {
  "use strict";
  const { Component, h, useEffect, useState } = window.SongdaRuntime;
  const telephone = window.matchMedia("(max-width: 640px)");

  function same(one, other) {
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
  }

  /* A view that draws again only when one of its props is another value: with immutable content a key typed in one card
     leaves the other eleven alone. */
  E.memo = function (view) {
    return class Memo extends Component {
      shouldComponentUpdate(next) {
        return !same(this.props, next);
      }

      render(props) {
        return h(view, props);
      }
    };
  };

  /* Is the page as narrow as a telephone? Drawn again when that changes. */
  E.useNarrow = function () {
    const [isNarrow, setNarrow] = useState(telephone.matches);
    useEffect(() => {
      const onChange = () => setNarrow(telephone.matches);
      telephone.addEventListener("change", onChange);
      return () => telephone.removeEventListener("change", onChange);
    }, []);
    return isNarrow;
  };

  /* "%(name)s" filled from an object, as Python does it. */
  E.fill = function (sentence, values) {
    return sentence.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };

  /* Class names joined; what is false or empty is left out. */
  E.classes = function (...names) {
    return names.filter(Boolean).join(" ");
  };

  /* Attributes of a part of the phone: its place in the content, and whether a comparison marks it. `marks` are paths;
     a mark also holds for what lies below it, so that a whole card that came is marked in all its parts. */
  E.placed = function (path, marks, name) {
    const changed = marks && marks.some((mark) => E.paths.within(mark, path) || E.paths.within(path, mark));
    return { "data-place": path, class: E.classes(name, changed && "phone-changed") };
  };

  /* The admin's own choice of light or dark, or the system's. */
  E.startsDark = function () {
    const { theme } = document.documentElement.dataset;
    return theme === "dark" || (theme !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  };

  /* Every path of a value, objects and lists included. */
  E.leaves = function* (value, path = "") {
    if (path) yield path;
    if (value === null || typeof value !== "object") return;
    for (const [name, item] of Object.entries(value)) yield* E.leaves(item, path ? `${path}.${name}` : name);
  };

  E.money = function (amount) {
    return "¥" + Number(amount).toFixed(4);
  };

  E.size = function (bytes) {
    if (bytes < 1024) return bytes + " B";
    if (bytes < 1024 * 1024) return (bytes / 1024).toFixed(bytes < 10240 ? 1 : 0) + " KB";
    return (bytes / 1024 / 1024).toFixed(1) + " MB";
  };
})(window.Songda.editor);
