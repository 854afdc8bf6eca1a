/* Deletions can be taken back: for ten seconds by the button, and by Ctrl+Z as long as no text field has newer typing. */
(function (E) {
  "use strict";
  const { words: w } = E;
  const SECONDS = 10;
  const stack = [];
  let timer = null;
  let typedSince = false;

  function push(sentence, restore) {
    stack.push(restore);
    typedSince = false;
    clearTimeout(timer);
    timer = setTimeout(hide, SECONDS * 1000);
    E.store.set({ toast: { sentence }, spoken: sentence });
  }

  function hide() {
    clearTimeout(timer);
    E.store.set({ toast: null });
  }

  function undo() {
    const restore = stack.pop();
    if (!restore) return false;
    restore();
    hide();
    E.store.say(w.undone);
    return true;
  }

  function isTextField(element) {
    return element && (element.tagName === "TEXTAREA" || (element.tagName === "INPUT" && element.type !== "radio"));
  }

  /* The browser's own undo keeps a text field's typing; ours takes the key elsewhere. */
  function onKey(event) {
    const wanted = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
    if (!wanted || event.isComposing || (isTextField(event.target) && typedSince)) return;
    if (undo()) event.preventDefault();
  }

  E.undo = { push, undo, hide, onKey, typed: () => (typedSince = true) };
})(window.Songda.editor);
