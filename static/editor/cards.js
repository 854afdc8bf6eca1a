/* The editor of one card, and of a carousel's list of cards. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const {
    memo, words: w, fill, store, shapes, limits, classes, problems: found, Handle, Actions, TextField, Choice, Styles,
    Suggestions, MediaField, Problems, mediaSlot,
  } = E;

  const summary = (card) => card.title || card.description.slice(0, 20);
  const nameOf = (index) => fill(w.cardNumber, { number: index + 1 });

  function heightChoice(path, value, content, problems) {
    if (content.kind === "card" && content.orientation === "HORIZONTAL") return null;
    const narrow = content.kind === "carousel" && content.width === "SMALL_WIDTH";
    const wideTall = content.kind === "carousel" && !narrow && value === "TALL";
    return html`<div><${Choice} path=${path} name="media.height" label=${w.height} value=${value} options=${w.heights}
        disabled=${narrow ? TALL : NONE} problems=${problems} />
      ${narrow && html`<p class="help">${w.tallNarrow}</p>`}
      ${wideTall && html`<p class="help">${w.tallWide}</p>`}</div>`;
  }
  const TALL = ["TALL"];
  const NONE = [];

  /* A card that nobody has touched is only counted: its lines in red wait for the first word, or until somebody asks. */
  const NO_PROBLEMS = [];
  function isUntouched(card) {
    return !card.title && !card.description && !card.media && !card.suggestions.length;
  }
  const inPlace = (card, problems) => (isUntouched(card) && !store.get().asked ? NO_PROBLEMS : problems);

  /* `layout` carries what of the content decides the picture's frame: kind, width, orientation. */
  function CardFields({ card, path, problems: all, asset, thumbAsset, layout, drag }) {
    const problems = inPlace(card, all);
    const box = card.media ? mediaSlot(layout, card.media.height) : null;
    return html`<div class="card-fields">
      <${Problems} problems=${problems.filter((one) => one.path === "")} path=${path} />
      <${MediaField} path=${path + ".media"} name="media" label=${w.media} value=${card.media} asset=${asset}
        thumbAsset=${thumbAsset} box=${box} problems=${problems} alt />
      ${card.media && heightChoice(path + ".media.height", card.media.height, layout, problems)}
      <${TextField} path=${path + ".title"} name="title" label=${w.title} value=${card.title} problems=${problems}
        limit="card.title" variables />
      <${TextField} path=${path + ".description"} name="description" label=${w.description} value=${card.description}
        problems=${problems} limit="card.description" rows=${3} variables />
      <${Suggestions} items=${card.suggestions} owner=${path} ownerKey=${card.key || "card"} problems=${problems}
        limit="card.suggestions" drag=${drag} />
    </div>`;
  }

  function FoldButton({ item, opened, children, panel, onToggle }) {
    return html`<button type="button" class="fold" aria-expanded=${opened ? "true" : "false"} aria-controls=${panel}
      onClick=${onToggle || (() => store.toggle(item.key))}><span class="fold-mark" aria-hidden="true"></span>${children}</button>`;
  }

  function CountBadge({ problems }) {
    const errors = found.count(problems, "error");
    const warnings = found.count(problems, "warning");
    if (errors) return html`<span class="badge badge-problem">${w.problems(errors)}</span>`;
    if (warnings) return html`<span class="badge badge-attention">${w.warnings(warnings)}</span>`;
    return null;
  }

  const CarouselCard = memo(function CarouselCard(props) {
    const { card, index, count, opened, problems, full, drop, drag } = props;
    const path = `cards.${index}`;
    return html`<li class=${classes("item card-item", opened && "opened", drop)} data-list="cards" data-key=${card.key}
      data-path=${path}>
      <div class="item-head">
        <${Handle} list="cards" itemKey=${card.key} />
        <${FoldButton} item=${card} opened=${opened} panel=${"panel-" + card.key}>
          <strong>${nameOf(index)}</strong><span class="item-summary">${summary(card)}</span><//>
        <${CountBadge} problems=${problems} />
        <${Actions} list="cards" index=${index} count=${count} name=${nameOf(index)} full=${full} />
      </div>
      ${opened && html`<div class="item-body" id=${"panel-" + card.key}>
        <${CardFields} ...${props} path=${path} drag=${drag} />
      </div>`}
    </li>`;
  });

  function assetsOf(media, assets) {
    return { asset: media && assets[media.asset], thumbAsset: media && assets[media.thumbnail] };
  }

  const layouts = {};
  /* The same object for the same layout, for memoised cards. */
  function layoutOf(content) {
    const key = [content.kind, content.width, content.orientation].join();
    layouts[key] = layouts[key] || { kind: content.kind, width: content.width, orientation: content.orientation };
    return layouts[key];
  }

  function addCard(count) {
    const fresh = shapes.card();
    store.insert("cards", count, fresh, true);
    requestAnimationFrame(() => {
      const field = document.querySelector(`[data-path="cards.${count}.title"]`);
      if (field) field.focus();
    });
  }

  /* Seldom wanted: folded away until one is set or says something. */
  function StyleChoices({ content, problems }) {
    const isUsed = content.title_style.length + content.description_style.length > 0;
    const says = problems.some((one) => /^(title|description)_style/.test(one.path));
    return html`<details class="data styles" open=${isUsed || says || undefined}><summary>${w.textStyle}</summary>
      <div class="row">
        <${Styles} path="title_style" label=${w.titleStyle} value=${content.title_style} problems=${problems} />
        <${Styles} path="description_style" label=${w.descriptionStyle} value=${content.description_style}
          problems=${problems} />
      </div></details>`;
  }

  /* A drag inside one card is of no concern to the others. */
  const dragWithin = (drag, path) => (drag && drag.list.startsWith(path + ".") ? drag : null);

  function Cards({ content, problems, state }) {
    const { cards } = content;
    const limit = limits.of("carousel.cards");
    const full = cards.length >= limit.most;
    return html`<section class="cards" data-path="cards">
      <div class="section-head">
        <h3>${w.cards} <span class="count">${cards.length}/${limit.most}</span></h3>
        <span><button type="button" class="link-button" onClick=${() => store.toggleAll(false)}>${w.foldAll}</button>
        <button type="button" class="link-button" onClick=${() => store.toggleAll(true)}>${w.openAll}</button></span>
      </div>
      <ul class=${classes("items", state.drag && state.drag.list === "cards" && "dragging")}>
        ${cards.map((card, index) => html`<${CarouselCard} key=${card.key} card=${card} index=${index}
          count=${cards.length}
          opened=${Boolean(state.open[card.key])} full=${full} asked=${Boolean(state.asked)}
            layout=${layoutOf(content)} ...${assetsOf(card.media, state.assets)}
          drag=${dragWithin(state.drag, `cards.${index}`)}
          drop=${E.reorder.dropClasses(state.drag, "cards", index, cards.length, card.key)}
          problems=${found.scope(problems, `cards.${index}`, card.key)} />`)}
      </ul>
      <${Problems} problems=${problems.filter((one) => one.path === "cards" && cards.length >= limit.least)}
        path="cards" />
      ${cards.length < limit.least && html`<p class="problem problem-error">${fill(w.least, { count: limit.least })}</p>`}
      <button type="button" class="add" data-add="cards" disabled=${full}
        onClick=${() => addCard(cards.length)}>+ ${w.addCard}</button>
      ${full && html`<span class="help">${fill(w.full, { count: limit.most })}</span>`}
    </section>`;
  }

  function Carousel({ content, problems, state }) {
    return html`<div class="row">
        <${Choice} path="width" label=${w.width} value=${content.width} options=${w.widths} problems=${problems} />
      </div>
      <${StyleChoices} content=${content} problems=${problems} />
      <${Cards} content=${content} problems=${problems} state=${state} />`;
  }

  function turn(orientation) {
    store.change("orientation", orientation);
    store.change("alignment", orientation === "HORIZONTAL" ? "LEFT" : "");
  }

  function SingleCard({ content, problems, state }) {
    const scoped = found.scope(problems, "card", "single");
    return html`<div class="row">
        <${Choice} path="orientation" label=${w.orientation} value=${content.orientation} options=${w.orientations}
          onPick=${turn} />
        ${content.orientation === "HORIZONTAL" &&
        html`<${Choice} path="alignment" label=${w.alignment} value=${content.alignment} options=${w.alignments}
          problems=${problems} />`}
      </div>
      <${StyleChoices} content=${content} problems=${problems} />
      <div class="item card-item opened" data-path="card"><div class="item-body">
        <${CardFields} card=${content.card} path="card" problems=${scoped} layout=${layoutOf(content)}
          ...${assetsOf(content.card.media, state.assets)} drag=${dragWithin(state.drag, "card")} />
      </div></div>`;
  }

  Object.assign(E, { Carousel, SingleCard, FoldButton, CountBadge, assetsOf });
})(window.Songda.editor);
