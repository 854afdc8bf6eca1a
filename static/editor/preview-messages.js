/* Text, file, place, SMS and MMS on the phone. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const { words: w, fill, text, limits, size, classes, Linked, Filled, Medium, PlainMap, SmsUnits, placed } = E;

  function PhoneText({ content, state }) {
    return html`<div ...${placed("text", state.marks, "phone-bubble")}><${Linked} value=${content.text} row=${state.row} limit="text.text" /></div>`;
  }

  function PhoneFile({ content, state }) {
    const { asset, thumbAsset } = E.assetsOf(content.media, state.assets);
    const attributes = placed("media", state.marks, "phone-file");
    if (!asset) return html`<div ...${attributes}><span class="phone-file-icon"></span><span>${w.noMedia}</span></div>`;
    const picture = thumbAsset || (E.typeOf(asset) === "image" ? asset : null);
    return html`<div ...${attributes}>
      ${picture ? html`<img class="phone-file-icon" src=${picture.thumb || picture.url} alt="" />` : html`<span
        class="phone-file-icon"></span>`}
      <span class="phone-file-text"><span class="phone-file-name">${asset.name}</span>
        <span class="phone-quiet">${(asset.name.split(".").pop() || "").toUpperCase()} · ${size(asset.size)}</span></span>
    </div>`;
  }

  function PhonePlace({ content, state }) {
    const { marks } = state;
    return html`<div class="phone-place"><div ...${placed("latitude", marks)}><${PlainMap} /></div>
      <div class="phone-place-text"><strong ...${placed("label", marks)}><${Filled} value=${content.label || w.placeName} row=${state.row}
        limit="place.label" /></strong>
        <span ...${placed("longitude", marks, "phone-quiet")}>${content.latitude || "—"}, ${content.longitude || "—"}</span></div>
    </div>`;
  }

  /* The pieces of a text with a mark wherever a billed unit ends. */
  function withTicks(parts, ends) {
    let at = 0;
    const found = [];
    const pending = [...ends];
    for (const part of parts) {
      let rest = part.text;
      while (pending.length && pending[0] <= at + rest.length) {
        const cut = pending.shift() - at;
        found.push({ ...part, text: rest.slice(0, cut) }, { tick: true });
        rest = rest.slice(cut);
        at += cut;
      }
      if (rest) found.push({ ...part, text: rest });
      at += rest.length;
    }
    return found;
  }

  function Ticked({ body, row, limit }) {
    const whole = E.signed(body);
    const most = limits.of(limit).most;
    const parts = text.pieces(whole, row);
    const { ends } = text.smsUnits(text.filled(whole, row), limits.of("sms"));
    const marked = withTicks(most ? text.markOver(parts, most + whole.length - body.length) : parts, ends);
    let unit = 1;
    return marked.map((part, index) => part.tick
      ? html`<span key=${index} class="unit-end" title=${String(unit++)}></span>`
      : html`<${E.Piece} key=${index} piece=${part} />`);
  }

  function PhoneSms({ body, state, limit }) {
    const place = limit === "sms.text" ? "text" : limit;
    return html`<div ...${placed(place, state.marks, "phone-bubble phone-sms")}><${Ticked} body=${body} row=${state.row} limit=${limit} /></div>
      <div class="phone-note"><${SmsUnits} text=${text.filled(body, state.row)} /></div>`;
  }

  /* Phones that know it draw the AIM as a card; H5 opens a page. Everybody else sees this text. */
  function PhoneLinkSms({ part, body, state }) {
    return html`<div class="phone-dashed">${part === "aim" ? w.aimCard : w.h5Card}</div>
      <${PhoneSms} body=${body} state=${state} limit=${`fallback.${part}.text`} />`;
  }

  function PhoneFrame({ frame, index, state, place }) {
    const { marks } = state;
    return html`<div ...${placed(place, marks, "phone-frame")}>
      ${frame.media && html`<${Medium} media=${frame.media} place=${place + ".media"} marks=${marks} ...${E.assetsOf(frame.media, state.assets)} />`}
      ${frame.text && html`<div ...${placed(place + ".text", marks, "phone-frame-text")}><${Linked} value=${frame.text} row=${state.row} /></div>`}
      <div ...${placed(place + ".seconds", marks, "phone-quiet")}>${fill(w.pageOf, { number: index + 1, seconds: frame.seconds })}</div>
    </div>`;
  }

  function Weight({ content, state, limit }) {
    const bytes = E.mmsWeight(content, state.assets);
    const rule = limits.of(limit);
    const most = rule.warn || rule.most;
    if (!most) return null;
    return html`<div class="phone-note weight"><progress class=${classes(bytes > most && "over")} max=${most}
      value=${Math.min(bytes, most)}></progress>
      <span class=${classes(bytes > most && "piece-over")}>${fill(w.weight, { size: size(bytes), most: size(most) })}</span></div>`;
  }

  function PhoneMms({ content, state, limit }) {
    const under = limit === "mms" ? "" : limit + ".";
    return html`<div class="phone-mms"><div ...${placed(under + "title", state.marks, "phone-title")}><${Filled} value=${content.title} row=${state.row}
      limit="mms.title" /></div>
        ${content.frames.map((frame, index) => html`<${PhoneFrame} key=${frame.key} frame=${frame} index=${index}
          place=${`${under}frames.${index}`} state=${state} />`)}
      </div><${Weight} content=${content} state=${state} limit=${limit} />`;
  }

  Object.assign(E, { PhoneText, PhoneFile, PhonePlace, PhoneSms, PhoneLinkSms, PhoneMms });
})(window.Songda.editor);
