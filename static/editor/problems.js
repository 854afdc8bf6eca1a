/* Which problems are shown, for which part, and how to get to the next one. */
(function (E) {
  "use strict";
  const { paths, store, checks } = E;
  const scopes = new Map();
  let lastKey = null;
  let last = [];

  const RANK = { error: 0, warning: 1, account: 2 };
  const bySeverity = (one) => RANK[one.severity];

  /* What one account cannot carry does not stop the others: it is told, and is nothing to mend. */
  function received(problem) {
    const account = problem.account || problem.vendor;
    return account ? { ...problem, account, severity: "account", refused: problem.severity === "error" } : problem;
  }

  /* The server's words where it has seen this content; otherwise ours, and its own about what has not changed since. */
  function shown(state) {
    const key = [state.content, state.fallback, state.serverProblems, state.checked];
    if (lastKey && key.every((value, index) => value === lastKey[index])) return last;
    lastKey = key;
    last = state.checked ? state.serverProblems.map(received) : merged(state);
    return last;
  }

  function merged(state) {
    const theirs = state.serverProblems.map(received);
    const known = new Set(theirs.filter((one) => !one.account).map((one) => one.path));
    const ours = checks.all(state.content, state.fallback).filter((one) => !known.has(one.path));
    return [...ours, ...theirs];
  }

  function equal(one, other) {
    return (
      one.length === other.length &&
      one.every((problem, index) => problem.path === other[index].path && problem.message === other[index].message)
    );
  }

  /* The problems below `prefix`, with paths relative to it. The same list is given again while nothing in it changes, so
     that a memoised card is not drawn for its neighbour's problem. `key` names the place whatever its index. */
  function scope(problems, prefix, key) {
    const found = problems
      .filter((one) => paths.within(one.path, prefix))
      .map((one) => ({ ...one, path: one.path.slice(prefix.length).replace(/^\./, "") }));
    const before = scopes.get(key);
    if (before && equal(before, found)) return before;
    scopes.set(key, found);
    return found;
  }

  const count = (problems, severity) => problems.filter((one) => one.severity === severity).length;

  /* Errors before hints, then in the order of the page; what is folded away stands at the part around it. */
  function ordered(problems) {
    const places = new Map();
    document.querySelectorAll("[data-path]").forEach((element, index) => places.set(element.dataset.path, index));
    const place = (path) => {
      if (places.has(path)) return places.get(path);
      return path ? place(paths.parent(path)) : -1;
    };
    return [...problems].sort(
      (one, other) => bySeverity(one) - bySeverity(other) || place(one.path) - place(other.path),
    );
  }

  function openOnTheWay(path) {
    const match = path.match(/^(cards|frames|fallback\.mms\.frames)\.(\d+)/);
    const item = match && store.read(match[0]);
    if (item) store.toggle(item.key, true);
  }

  /* The field itself, or the nearest part around it. */
  function element(path) {
    for (let place = path; place; place = paths.parent(place)) {
      const found = document.querySelector(`[data-path="${CSS.escape(place)}"]`);
      if (found) return found;
    }
    return document.querySelector(".editor-body");
  }

  function goTo(path) {
    store.set({ asked: true });
    openOnTheWay(path);
    store.set({ pane: path.startsWith("fallback") ? "fallback" : "edit" });
    drawn(() => {
      const found = element(path);
      if (unfold(found)) drawn(() => focus(element(path)));
      else focus(found);
    });
  }

  /* A button folded on a telephone is opened first. */
  function unfold(found) {
    const fold = found.matches(".suggestion-folding") && found.querySelector('.fold[aria-expanded="false"]');
    if (fold) fold.click();
    return Boolean(fold);
  }

  const drawn = (act) => requestAnimationFrame(() => requestAnimationFrame(act));

  function focus(found) {
    const details = found.closest("details");
    if (details) details.open = true;
    found.scrollIntoView({ block: "center" });
    const field = found.matches("input, textarea, select, button") ? found : found.querySelector("input, textarea, select, button");
    if (field) field.focus({ preventScroll: true });
  }

  function goToNext() {
    const list = ordered(shown(store.get()).filter((one) => one.severity !== "account"));
    if (!list.length) return;
    const { visited } = store.get();
    const index = list.findIndex((one) => one.path + one.rule === visited);
    const next = list[(index + 1) % list.length];
    store.set({ visited: next.path + next.rule });
    goTo(next.path);
  }

  E.problems = { shown, scope, count, ordered, goTo, goToNext };
})(window.Songda.editor);
