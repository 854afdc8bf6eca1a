/* Text as the phone shows it: variables filled from a real row, what is missing or too long in red. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const { words: w, fill, text, limits, classes } = E;

  function Piece({ piece }) {
    const name = classes("piece-" + piece.kind, piece.over && "piece-over");
    const label = piece.kind === "missing" ? ` ${fill(w.noValue, { name: "" }).trim()}` : "";
    return html`<span class=${name}>${piece.text}${label && html`<span class="piece-note">${label}</span>`}</span>`;
  }

  /* `limit` names the hard limit of this text in the table. */
  function Filled({ value, row, limit }) {
    const most = limit ? limits.of(limit).most : null;
    const parts = text.pieces(value, row);
    return (most ? text.markOver(parts, most) : parts).map((piece, index) => html`<${Piece} key=${index}
      piece=${piece} />`);
  }

  const LINK = /(https?:\/\/[^\s，。；、）》]+)/;

  /* In message bubbles links are blue; only whole plain pieces can hold one. */
  function Linked({ value, row, limit }) {
    const most = limit ? limits.of(limit).most : null;
    const parts = text.pieces(value, row);
    return (most ? text.markOver(parts, most) : parts).map((piece, index) =>
      piece.kind === "plain" && !piece.over
        ? piece.text.split(LINK).map((bit, place) => (place % 2 ? html`<span class="phone-link"
          key=${index + "-" + place}>${bit}</span>` : bit))
        : html`<${Piece} key=${index} piece=${piece} />`,
    );
  }

  Object.assign(E, { Filled, Linked, Piece });
})(window.Songda.editor);
