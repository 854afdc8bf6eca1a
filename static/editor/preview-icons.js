/* Small drawings: what a button does, and a plain map. SVG with classes alone. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;

  const PATHS = {
    open_url: "M6 10l4-4M7 4l1-1a3 3 0 0 1 5 5l-1 1M9 12l-1 1a3 3 0 0 1-5-5l1-1",
    dial: "M4 2h2l1 3-1.5 1a7 7 0 0 0 4.5 4.500L11 9l3 1v2a2 2 0 0 1-2 2A10 10 0 0 1 2 4a2 2 0 0 1 2-2z",
    show_place: "M8 14s5-4.500 5-8A5 5 0 0 0 3 6c0 3.500 5 8 5 8zM8 4.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3",
    find_place: "M7 2.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM10.500 10.500L14 14",
    ask_place: "M8 3.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM8 1v3M8 12v3M1 8h3M12 8h3M8 7.200a.8.8 0 1 1 0 1.600.8.8 0 0 1 0-1.600",
    calendar: "M3 4h10v10H3zM3 7h10M6 2v3M10 2v3",
    compose: "M3 3h10v8H7l-3 3v-3H3z",
  };

  function SuggestionIcon({ kind }) {
    if (!PATHS[kind]) return null;
    return html`<svg class="phone-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path
      d=${PATHS[kind]} /></svg>`;
  }

  /* Streets and a pin; no map service is asked. */
  function PlainMap() {
    return html`<svg class="phone-map" viewBox="0 0 272 96" width="272" height="96" aria-hidden="true">
      <rect class="map-ground" width="272" height="96" />
      <path class="map-park" d="M12 10h70v34H12zM190 56h66v32h-66z" />
      <path class="map-water" d="M0 78C60 60 110 92 170 70S250 40 272 34V48C240 56 220 72 172 84S60 78 0 92z" />
      <path class="map-street" d="M0 52H272M96 0V96M180 0V96M96 20H180M136 52V96" />
      <path class="map-pin" d="M136 62c-9-10-13-16-13-22a13 13 0 0 1 26 0c0 6-4 12-13 22z" />
      <circle class="map-pin-eye" cx="136" cy="40" r="5" />
    </svg>`;
  }

  Object.assign(E, { SuggestionIcon, PlainMap });
})(window.Songda.editor);
