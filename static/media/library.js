/* Upload by dragging: each file is posted by itself, so that one refused file does not stop the others. */
(function () {
  "use strict";
  const zone = document.getElementById("drop-zone");
  if (!zone) return;
  const input = zone.querySelector('input[type="file"]');
  const list = zone.querySelector(".upload-list");
  const token = zone.querySelector("[name=csrfmiddlewaretoken]").value;

  function line(text) {
    const item = document.createElement("li");
    item.textContent = text;
    list.append(item);
    return item;
  }

  function settle(item, name, good, message) {
    item.textContent = good ? zone.dataset.done + name : `${name}: ${message}`;
    item.className = good ? "done" : "failed";
    return good;
  }

  async function upload(file) {
    const item = line(zone.dataset.busy + file.name);
    const form = new FormData();
    form.append("file", file);
    const headers = { "X-CSRFToken": token, Accept: "application/json" };
    try {
      const response = await fetch(zone.action, { method: "POST", body: form, headers, credentials: "same-origin" });
      const isJson = (response.headers.get("Content-Type") || "").includes("json");
      const answer = isJson ? await response.json() : {};
      return settle(item, file.name, response.ok && Boolean(answer.id), answer.message || zone.dataset.lost);
    } catch {
      return settle(item, file.name, false, zone.dataset.lost);
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
