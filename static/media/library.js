/* Upload by dragging: each file is posted by itself, so that one refused file does not stop the others. A film gets a frame
   of itself as thumbnail. */
(function () {
  "use strict";
  const zone = document.getElementById("drop-zone");
  if (!zone) return;
  const { frame } = window.Songda;
  const words = zone.dataset;
  const input = zone.querySelector('input[type="file"]');
  const list = zone.querySelector(".upload-list");
  const UPLOAD = 600000;

  function line(text) {
    const item = document.createElement("li");
    item.textContent = text;
    list.append(item);
    return item;
  }

  function settle(item, good, text) {
    item.textContent = text;
    item.className = good ? "done" : "failed";
    return good;
  }

  /* The answer, or an error with the server's sentence. */
  async function post(address, form) {
    const { status, data } = await window.Songda.ask(address, { method: "POST", form, wait: UPLOAD });
    if (status !== 200 || !data.id) throw new Error(data.message || words.lost);
    return data;
  }

  function fileForm(file) {
    const form = new FormData();
    form.append("file", file);
    return form;
  }

  /* The film stays where it is when this browser cannot show a frame of it: a person picks a picture on its page. */
  async function addFrame(file, asset, item) {
    try {
      await post(words.frame, frame.form(asset.id, await frame.of(file)));
      return true;
    } catch {
      const link = document.createElement("a");
      link.href = words.page.replace("/0/", `/${asset.id}/`);
      link.textContent = file.name;
      item.replaceChildren(link, ": " + words.unreadable);
      item.className = "attention";
      return false;
    }
  }

  async function upload(file) {
    const item = line(words.busy + file.name);
    try {
      const asset = await post(zone.action, fileForm(file));
      if (asset.family === "video" && !asset.thumbnail && !(await addFrame(file, asset, item))) return false;
      return settle(item, true, words.done + file.name);
    } catch (failure) {
      return settle(item, false, `${file.name}: ${failure.kind ? words.lost : failure.message}`);
    }
  }

  async function uploadAll(files) {
    list.replaceChildren();
    let all = files.length > 0;
    for (const file of files) all = (await upload(file)) && all;
    input.value = "";
    if (all) window.location.reload();
  }

  zone.addEventListener("submit", (event) => {
    event.preventDefault();
    uploadAll([...input.files]);
  });
  input.addEventListener("change", () => uploadAll([...input.files]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop") uploadAll([...event.dataTransfer.files]);
    });
  }
})();
