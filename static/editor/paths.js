/* Immutable changes by dotted path ("cards.0.title"): only the objects on the way are made anew. */
(function (E) {
  "use strict";

  function keysOf(path) {
    return path === "" ? [] : path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  }

  function get(value, path) {
    return keysOf(path).reduce((found, key) => (found === null || found === undefined ? undefined : found[key]), value);
  }

  function change(value, keys, make) {
    if (!keys.length) return make(value);
    const [key, ...rest] = keys;
    const copy = Array.isArray(value) ? value.slice() : { ...value };
    copy[key] = change(copy[key], rest, make);
    return copy;
  }

  function update(value, path, make) {
    return change(value, keysOf(path), make);
  }

  E.paths = {
    get,
    update,
    set: (value, path, item) => update(value, path, () => item),
    insert: (value, path, index, item) =>
      update(value, path, (list) => [...list.slice(0, index), item, ...list.slice(index)]),
    remove: (value, path, index) => update(value, path, (list) => list.filter((_, place) => place !== index)),
    move: (value, path, from, to) =>
      update(value, path, (list) => {
        const rest = list.filter((_, place) => place !== from);
        return [...rest.slice(0, to), list[from], ...rest.slice(to)];
      }),
    parent: (path) => path.slice(0, Math.max(path.lastIndexOf("."), 0)),
    last: (path) => path.slice(path.lastIndexOf(".") + 1),
    /* Is `path` the place itself or something below it? */
    within: (path, place) => place === "" || path === place || path.startsWith(place + "."),
  };
})(window.Songda.editor);
