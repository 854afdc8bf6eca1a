/* A frame of a film, taken by the browser that plays it, as a small JPEG: what stands for the film before it is played.
   The film is read from the computer (a blob) or from our own host; no byte of it goes anywhere else. */
window.Songda = window.Songda || {};

(function (songda) {
  "use strict";
  const MOST_BYTES = 10 * 1024;
  const MOST_SIDE = 320;
  const LONGEST_WAIT = 10000;
  const QUALITIES = [0.82, 0.7, 0.55, 0.4];
  /* Many films begin in black: the first of these places (shares of the length) that shows something is taken. */
  const PLACES = [0.1, 0.35, 0.6];
  const LEAST_CONTRAST = 12;

  class Unreadable extends Error {}

  /* The next `name` of the film; raises Unreadable when the browser gives up or takes too long. */
  function once(film, name) {
    return new Promise((done, fail) => {
      const settle = (act, value) => {
        clearTimeout(timer);
        film.removeEventListener(name, good);
        film.removeEventListener("error", bad);
        act(value);
      };
      const good = () => settle(done);
      const bad = () => settle(fail, new Unreadable(name));
      const timer = setTimeout(bad, LONGEST_WAIT);
      film.addEventListener(name, good);
      film.addEventListener("error", bad);
    });
  }

  function start(film, address) {
    const loaded = once(film, "loadeddata");
    Object.assign(film, { muted: true, playsInline: true, preload: "auto", src: address });
    return loaded;
  }

  async function seek(film, seconds) {
    const there = once(film, "seeked");
    film.currentTime = seconds;
    await there;
  }

  /* A recorder leaves the length out; a player finds it at the far end. */
  async function lengthOf(film) {
    if (film.duration === Infinity) await seek(film, 1e7);
    return Number.isFinite(film.duration) ? film.duration : film.currentTime;
  }

  function draw(film, width, height) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(film, 0, 0, width, height);
    return canvas;
  }

  /* How far the lightest and the darkest of 16×16 points are apart. */
  function contrast(film) {
    const { data } = draw(film, 16, 16).getContext("2d").getImageData(0, 0, 16, 16);
    const light = [...data].filter((_, index) => index % 4 === 1);
    return Math.max(...light) - Math.min(...light);
  }

  async function goToPicture(film, length) {
    for (const place of PLACES) {
      await seek(film, length * place);
      if (contrast(film) >= LEAST_CONTRAST) return;
    }
  }

  const asJpeg = (canvas, quality) => new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));

  /* The frame that the film stands at, as large and as good as fits. */
  async function jpegOf(film) {
    if (!film.videoWidth || !film.videoHeight) throw new Unreadable("size");
    let share = Math.min(1, MOST_SIDE / Math.max(film.videoWidth, film.videoHeight));
    for (; ; share *= 0.75) {
      const [width, height] = [film.videoWidth, film.videoHeight].map((side) => Math.max(1, Math.round(side * share)));
      const canvas = draw(film, width, height);
      for (const quality of QUALITIES) {
        const blob = await asJpeg(canvas, quality);
        if (blob && blob.size <= MOST_BYTES) return blob;
      }
      if (width < 16) throw new Unreadable("bytes");
    }
  }

  /* {blob, seconds} of a File or of an address on our own host. Raises when this browser cannot play the film. */
  async function of(source) {
    const film = document.createElement("video");
    const address = typeof source === "string" ? source : URL.createObjectURL(source);
    try {
      await start(film, address);
      const seconds = await lengthOf(film);
      await goToPicture(film, seconds);
      return { blob: await jpegOf(film), seconds };
    } finally {
      film.removeAttribute("src");
      film.load();
      if (address !== source) URL.revokeObjectURL(address);
    }
  }

  /* What the server's door for frames takes. */
  function form(asset, { blob, seconds }) {
    const data = new FormData();
    data.append("asset", asset);
    data.append("seconds", String(seconds));
    data.append("file", blob, "frame.jpg");
    return data;
  }

  songda.frame = { of, jpegOf, form };
})(window.Songda);
