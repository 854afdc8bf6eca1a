/* The fallback chain: what a phone without 5G messages gets, one step after the other. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const { words: w, fill, store, shapes, text, limits, money, problems: found, TextField, Frames, CountBadge } = E;

  const signatureOf = () => (E.config.sender && E.config.sender.signature) || "";

  function signed(body) {
    const signature = signatureOf();
    return signature ? `【${signature}】${body}` : body;
  }

  const unitsOf = (body) => text.smsUnits(signed(body), limits.of("sms"));

  function SmsUnits({ text: body }) {
    const { length, units } = unitsOf(body);
    return html`<p class="help units">${(signatureOf() ? w.units : w.unitsBare)(length, units)}</p>`;
  }

  /* A price a person: by billable units for texts; "" when no price is known. */
  function priceOf(part, value) {
    const prices = E.config.prices || {};
    const price = part === "mms" ? prices.vms || prices.mms : prices[part];
    if (!price) return "";
    const units = value && value.text !== undefined && part !== "rcs" ? Math.max(unitsOf(value.text).units, 1) : 1;
    return fill(w.perPerson, { price: money(Number(price) * units) });
  }

  function addPart(part) {
    store.change("fallback." + part, shapes.blankFallback(part));
    const { fallback } = store.get();
    if (part === "mms") store.toggle(fallback.mms.frames[0].key, true);
    store.set({ tab: part });
    requestAnimationFrame(() => {
      const field = document.querySelector(`[data-path^="fallback.${part}."]`);
      if (field && field.focus) field.focus();
    });
  }

  function removePart(part, value) {
    store.change("fallback." + part, null);
    store.set({ tab: "rcs" });
    E.undo.push(fill(w.deleted, { name: w.parts[part] }), () => store.change("fallback." + part, value));
  }

  function PartFields({ part, value, problems, state }) {
    if (part === "mms") {
      return html`<${Frames} content=${value} root="fallback.mms" problems=${problems} state=${state} />`;
    }
    const path = `fallback.${part}.text`;
    return html`<${TextField} path=${path} name="text" label=${w.text} value=${value.text} problems=${problems}
        limit=${path} rows=${3} variables=${part} help=${w.smsHelp} />
      <${SmsUnits} text=${value.text} />`;
  }

  function Step({ part, number, value, problems, state }) {
    return html`<li class="item step" data-path=${"fallback." + part}>
      <div class="item-head">
        <span class="step-number">${number}</span><strong>${w.parts[part]}</strong>
        <${CountBadge} problems=${problems} />
        <span class="price">${priceOf(part, value)}</span>
        <span class="item-actions">
          <button type="button" class="small" onClick=${() => store.set({ tab: part, pane: "preview" })}>${w.show}</button>
          <button type="button" class="small danger-text" aria-label=${w.remove + ": " + w.parts[part]}
            onClick=${() => removePart(part, value)}>${w.remove}</button>
        </span>
      </div>
      <div class="item-body">
        <${PartFields} part=${part} value=${value} problems=${problems} state=${state} />
        <${E.Problems} problems=${problems.filter((one) => one.path === "")} path=${"fallback." + part} />
      </div>
    </li>`;
  }

  /* Between Chinese and Latin letters stands a blank. */
  const spaced = (words) => words.replace(/([\u4e00-\u9fff])([A-Za-z0-9])/g, "$1 $2");

  function AddPart({ part }) {
    return html`<li class="add-part">
      <button type="button" class="add" data-add=${"fallback." + part} onClick=${() => addPart(part)}>
        + ${spaced(fill(w.addPart, { part: w.parts[part] }))}</button>
      <span class="help">${w.partHelp[part]}</span>
    </li>`;
  }

  function Chain({ state, problems }) {
    const { content, fallback } = state;
    if (!shapes.RICH_KINDS.includes(content.kind)) return html`<p class="help">${w.noChain}</p>`;
    const used = shapes.FALLBACK_PARTS.filter((part) => fallback[part]);
    const said = problems.filter((one) => one.path === "fallback");
    const rest = shapes.FALLBACK_PARTS.filter((part) => !fallback[part]);
    return html`<section class="chain" data-path="fallback">
      <h3>${w.chain}</h3>
      <p class="help">${w.chainHelp}</p>
      <ol class="items">
        <li class="item step"><div class="item-head"><span class="step-number">1</span><strong>${w.parts.rcs}</strong>
          <span class="quiet">${w.kinds[content.kind]}</span><span class="price">${priceOf("rcs")}</span></div></li>
        ${used.map((part, index) => html`<${Step} key=${part} part=${part} number=${index + 2} value=${fallback[part]}
          state=${state} problems=${found.scope(problems, "fallback." + part, "fallback." + part)} />`)}
      </ol>
      ${!used.length && !said.length && html`<p class="notice attention">${w.noFallback}</p>`}
      <${E.Problems} problems=${said} path="fallback" />
      <ul class="add-parts">${rest.map((part) => html`<${AddPart} key=${part} part=${part} />`)}</ul>
    </section>`;
  }

  Object.assign(E, { Chain, SmsUnits, signed, unitsOf, priceOf });
})(window.Songda.editor);
