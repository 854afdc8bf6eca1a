/* What lies around the editor in the admin's form: hidden fields, purpose, leaving, shortcuts. */
(function (E) {
  "use strict";
  const { store, server, shapes } = E;
  let submitting = false;
  let posting = false;

  const field = (name) => document.querySelector(`textarea[name="${name}"]`);

  function purpose() {
    const places = ["input:checked", "select", "input[type=hidden]"].map((one) => `${one}[name="purpose"]`);
    const chosen = document.querySelector(places.join(", "));
    return chosen ? chosen.value : E.config.purpose;
  }

  const hiddenEdited = () => document.querySelector('input[name="edited"]');

  /* The count that the form was posted with, where it came back. */
  const edited = () => Number(hiddenEdited() ? hiddenEdited().value : 0);

  function setEdited(count) {
    if (hiddenEdited()) hiddenEdited().value = count;
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

  /* Only what the server has leaves the page: the form waits until the text is saved, and stays where it cannot be. */
  function onSubmit(event) {
    const mustSave = store.get().dirty && (E.config.urls || {}).save && !E.config.readonly;
    if (server.pending() || mustSave) {
      event.preventDefault();
      if (!posting) saveThenPost(event.target, event.submitter);
      return;
    }
    sync();
    submitting = true;
  }

  async function saveThenPost(form, submitter) {
    posting = true;
    let answer;
    do answer = await server.save("submit");
    while (answer && store.get().dirty);
    posting = false;
    if (!store.get().dirty) form.requestSubmit(submitter);
    else document.querySelector(".save-state").scrollIntoView({ block: "center" });
  }

  function postTo(address) {
    const area = field("content");
    if (area.form) area.form.action = address;
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

  E.page = { purpose, edited, setEdited, postTo, read, sync, start };
})(window.Songda.editor);
