/* On a film's own page: the frame at which it stands becomes its thumbnail. */
(function () {
  "use strict";
  const place = document.getElementById("film-frame");
  const film = document.querySelector("video.whole-picture");
  if (!place || !film) return;
  const UPLOAD = 600000;
  const { frame } = window.Songda;
  const words = place.dataset;
  const button = place.querySelector("button");
  const said = place.querySelector("[role=status]");

  async function send(form) {
    const { status, data } = await window.Songda.ask(words.url, { method: "POST", form, wait: UPLOAD });
    if (status !== 200) throw new Error(data.message);
  }

  async function take() {
    button.disabled = true;
    try {
      const shown = film.readyState >= 2 && film.currentTime > 0;
      const taken = shown ? { blob: await frame.jpegOf(film), seconds: film.duration } : await frame.of(film.currentSrc);
      await send(frame.form(words.asset, taken));
      window.location.reload();
    } catch (failure) {
      said.textContent = failure.kind ? words.lost : words.unreadable;
      button.disabled = false;
    }
  }

  button.addEventListener("click", take);
  place.hidden = false;
})();
