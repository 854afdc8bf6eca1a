/* On a film's own page: the frame at which it stands becomes its thumbnail. */
(function () {
  "use strict";
  const place = document.getElementById("film-frame");
  const film = document.querySelector("video.whole-picture");
  if (!place || !film) return;
  const { frame } = window.Songda;
  const words = place.dataset;
  const button = place.querySelector("button");
  const said = place.querySelector("[role=status]");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;

  async function send(form) {
    const headers = { "X-CSRFToken": token, Accept: "application/json" };
    const response = await fetch(words.url, { method: "POST", body: form, headers, credentials: "same-origin" });
    if (!response.ok) throw new Error((await response.json()).message);
  }

  async function take() {
    button.disabled = true;
    try {
      const shown = film.readyState >= 2 && film.currentTime > 0;
      const taken = shown ? { blob: await frame.jpegOf(film), seconds: film.duration } : await frame.of(film.currentSrc);
      await send(frame.form(words.asset, taken));
      window.location.reload();
    } catch {
      said.textContent = words.unreadable;
      button.disabled = false;
    }
  }

  button.addEventListener("click", take);
  place.hidden = false;
})();
