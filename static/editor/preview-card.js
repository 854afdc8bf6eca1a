/* Rich cards as phones draw them: widths and heights of media are the standard's, in dp = CSS px. */
(function (E) {
  "use strict";
  const { html, useState } = window.SongdaRuntime;
  const { memo, words: w, classes, text, Filled, typeOf, placed } = E;
  const FOLDS_ABOVE = 50;

  const KIND_WORDS = { image: w.picture, video: w.film, audio: w.sound };

  function Medium({ media, asset, thumbAsset, width, place, marks }) {
    if (!media) return null;
    const type = asset ? typeOf(asset) : "image";
    const picture = type === "image" ? asset : thumbAsset;
    const source = picture && (picture.url || picture.thumb);
    const name = classes("phone-media", "phone-media-" + media.height.toLowerCase(), "phone-media-" + type);
    return html`<div ...${placed(place, marks, name)}>
      ${source ? html`<img src=${source} alt=${media.alt} draggable="false" />`
        : html`<span class="phone-media-none">${KIND_WORDS[type] || w.picture}${width ? ` ${width}` : ""}</span>`}
      ${type !== "image" && html`<span class="phone-play" aria-hidden="true"></span>`}
    </div>`;
  }

  const styleClasses = (styles) => styles.map((style) => "style-" + style).join(" ");

  function Buttons({ items, row, place, marks }) {
    return html`<div class="phone-buttons">${items.map(
      (item, index) => html`<div ...${placed(`${place}.${index}`, marks, "phone-button")} key=${item.key}>
        <${E.SuggestionIcon} kind=${item.kind} /><span><${Filled} value=${item.label} row=${row}
          limit="suggestion.label" /></span></div>`,
    )}</div>`;
  }

  function CardText({ card, titleStyle, descriptionStyle, row, folded, onUnfold, place, marks }) {
    const title = classes("phone-title", styleClasses(titleStyle));
    const description = classes("phone-description", styleClasses(descriptionStyle), folded && "folded");
    return html`<div class="phone-card-text">
      ${card.title && html`<div ...${placed(place + ".title", marks, title)}><${Filled} value=${card.title}
        row=${row} limit="card.title" /></div>`}
      ${card.description && html`<div ...${placed(place + ".description", marks, description)}>
        <${Filled} value=${card.description} row=${row} limit="card.description" /></div>`}
      ${folded && html`<button type="button" class="phone-expand" onClick=${onUnfold}>${w.expand}</button>`}
    </div>`;
  }

  const isLong = (card, row) => text.characters(text.filled(card.description, row)) > FOLDS_ABOVE;

  const PhoneCard = memo(function PhoneCard({ card, shape, asset, thumbAsset, titleStyle, descriptionStyle, row, folding, place,
    marks }) {
    const [unfolded, setUnfolded] = useState(false);
    const folded = folding && !unfolded && isLong(card, row);
    return html`<div ...${placed(place, marks, "phone-card " + shape)}>
      <div class="phone-card-main">
        <${Medium} media=${card.media} asset=${asset} thumbAsset=${thumbAsset} place=${place + ".media"} marks=${marks} />
        <${CardText} card=${card} place=${place} marks=${marks} titleStyle=${titleStyle} descriptionStyle=${descriptionStyle} row=${row}
          folded=${folded}
          onUnfold=${() => setUnfolded(true)} />
      </div>
      ${!folded && card.suggestions.length > 0 && html`<${Buttons} items=${card.suggestions} row=${row}
        place=${place + ".suggestions"} marks=${marks} />`}
    </div>`;
  });

  function common(content, state) {
    return {
      titleStyle: content.title_style, descriptionStyle: content.description_style, row: state.row, folding: state.folding,
      marks: state.marks,
    };
  }

  function PhoneSingle({ content, state }) {
    const { orientation, alignment, card } = content;
    const shape = orientation === "VERTICAL" ? "vertical" : "horizontal " + (alignment === "RIGHT" ? "right" : "left");
    return html`<${PhoneCard} card=${card} shape=${shape} place="card"
      ...${E.assetsOf(card.media, state.assets)} ...${common(content, state)} />`;
  }

  function PhoneCarousel({ content, state }) {
    const shape = content.width === "SMALL_WIDTH" ? "vertical narrow" : "vertical wide";
    return html`<div class="phone-carousel" tabindex="0" role="group" aria-label=${w.cards}>${content.cards.map(
      (card, index) => html`<${PhoneCard} key=${card.key} card=${card} place=${`cards.${index}`}
        shape=${shape} ...${E.assetsOf(card.media, state.assets)}
        ...${common(content, state)} />`,
    )}</div>`;
  }

  const hasLongText = (content, row) => (content.cards || (content.card ? [content.card] : [])).some((card) => isLong(card, row));

  Object.assign(E, { PhoneSingle, PhoneCarousel, Medium, hasLongText });
})(window.Songda.editor);
