/* What lies around the editor in the admin's form: hidden fields, purpose, leaving, shortcuts. */
(function (E) {
  "use strict";
  const { store, server, shapes } = E;
  let submitting = false;

  const field = (name) => document.querySelector(`textarea[name="${name}"]`);

  function purpose() {
    const places = ["input:checked", "select", "input[type=hidden]"].map((one) => `${one}[name="purpose"]`);
    const chosen = document.querySelector(places.join(", "));
    return chosen ? chosen.value : E.config.purpose;
  }

  function setEdited(edited) {
    const hidden = document.querySelector('input[name="edited"]');
    if (hidden) hidden.value = edited;
  }

  function read(name) {
    const area = field(name);
    try {
      return area && area.value ? JSON.parse(area.value) : null;
    } catch {
      return null;
    }
  }

  /* The hidden fields hold what would be posted; written when it is needed, not at every key. */
  function sync() {
    const { content, fallback } = store.get();
    field("content").value = JSON.stringify(shapes.dump(content));
    const area = field("fallback");
    if (area) area.value = JSON.stringify(shapes.dump(fallback));
  }

  function onLeave(event) {
    if (store.get().dirty && !submitting) event.preventDefault();
  }

  /* A save on its way would make the posted form out of date: the form waits for it. */
  function onSubmit(event) {
    const pending = server.pending();
    if (pending) {
      event.preventDefault();
      pending.then(() => event.target.requestSubmit(event.submitter));
      return;
    }
    sync();
    submitting = true;
  }

  function saveNow(form) {
    if ((E.config.urls || {}).save) server.save(true);
    else if (form) form.requestSubmit();
  }

  function onKey(event, form) {
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      saveNow(form);
      return;
    }
    E.undo.onKey(event);
  }

  function start(root) {
    const form = root.closest("form");
    if (form) {
      form.addEventListener("submit", onSubmit);
      form.addEventListener("formdata", sync);
    }
    document.addEventListener("keydown", (event) => onKey(event, form));
    document.addEventListener("compositionstart", () => store.set({ composing: true }));
    document.addEventListener("compositionend", () => store.set({ composing: false }));
    document.addEventListener("change", (event) => event.target.name === "purpose" && server.scheduleCheck());
    window.addEventListener("beforeunload", onLeave);
    window.addEventListener("pageshow", () => (submitting = false));
  }

  E.page = { purpose, setEdited, read, sync, start };
})(window.Songda.editor);
