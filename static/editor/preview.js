/* The phone beside the editor: one tab for each step of the chain, a real row of an audience, light and dark. */
(function (E) {
  "use strict";
  const { html, useState, useEffect } = window.SongdaRuntime;
  const { words: w, fill, store, server, classes, shapes, Filled, hasLongText, placed } = E;

  const BODIES = {
    text: E.PhoneText, card: E.PhoneSingle, carousel: E.PhoneCarousel, file: E.PhoneFile, place: E.PhonePlace,
    mms: (props) => html`<${E.PhoneMms} ...${props} limit="mms" />`,
    sms: ({ content, state }) => html`<${E.PhoneSms} body=${content.text} state=${state} limit="sms.text" />`,
  };

  /* Tapping a chip sends its words and takes the row away, as phones do. */
  function Chips({ items, row, marks }) {
    const [tapped, setTapped] = useState(null);
    useEffect(() => setTapped(null), [items]);
    if (!items || !items.length) return null;
    if (tapped) {
      return html`<div class="phone-answer">${tapped}</div>
        <button type="button" class="phone-expand" onClick=${() => setTapped(null)}>${w.tapped}</button>`;
    }
    return html`<div class="phone-chips" role="group" aria-label=${w.chips}>${items.map(
      (item, index) => html`<button type="button" ...${placed(`suggestions.${index}`, marks, "phone-chip")} key=${item.key}
        onClick=${() => setTapped(E.text.filled(item.label, row))}>
        <${E.SuggestionIcon} kind=${item.kind} /><${Filled} value=${item.label} row=${row}
          limit="suggestion.label" /></button>`,
    )}</div>`;
  }

  function Main({ state }) {
    const View = BODIES[state.content.kind];
    return html`<${View} content=${state.content} state=${state} />
      <${Chips} items=${state.content.suggestions} row=${state.row} marks=${state.marks} />`;
  }

  function Part({ part, state }) {
    const value = state.fallback[part];
    if (part === "mms") return html`<${E.PhoneMms} content=${value} state=${state} limit="fallback.mms" />`;
    if (part === "sms") return html`<${E.PhoneSms} body=${value.text} state=${state} limit="fallback.sms.text" />`;
    return html`<${E.PhoneLinkSms} part=${part} body=${value.text} state=${state} />`;
  }

  function SenderBar({ isRich }) {
    const { signature, verified, logo } = E.config.sender || {};
    const name = signature || w.sender;
    return html`<div class="phone-sender">
      ${logo ? html`<img class="phone-logo" src=${logo} alt="" />` : html`<span class="phone-logo"
        aria-hidden="true">${[...name][0]}</span>`}
      <span><span class="phone-sender-name">${name}</span>
        ${verified && isRich && html`<span class="phone-verified">${w.verified}</span>`}</span>
    </div>`;
  }

  /* A part of the phone leads to its field; a card's button to its words. */
  function goToField(event) {
    const part = !event.target.closest("button") && event.target.closest("[data-place]");
    if (!part) return;
    const { place } = part.dataset;
    E.problems.goTo(/suggestions\.\d+$/.test(place) ? place + ".label" : place);
  }

  function Phone({ state, tab, onClick }) {
    const isRich = tab === "rcs" && shapes.RICH_KINDS.includes(state.content.kind);
    return html`<div class=${classes("phone", state.dark && "phone-dark", onClick && "phone-leads")} data-tab=${tab}>
      <div class="phone-status"><span>9:41</span><span>${isRich ? "5G" : "4G"}</span></div>
      <${SenderBar} isRich=${isRich} />
      <div class="phone-screen" tabindex="0" role="region" aria-label=${w.preview} onClick=${onClick}>
        ${tab === "rcs" ? html`<${Main} state=${state} />` : html`<${Part} part=${tab} state=${state} />`}
      </div>
      <div class="phone-input" aria-hidden="true">${w.inputHint}</div>
    </div>`;
  }

  /* --- rows of an audience ------------------------------------------------------------------------------- */

  function showRow(rows, index) {
    store.set({ rows, rowIndex: index, row: rows.length ? rows[index] : null });
  }

  async function chooseAudience(id) {
    store.set({ audience: id, columns: [], rowsError: "" });
    showRow([], 0);
    if (!id) return;
    try {
      const data = await server.rows(id);
      store.set({ columns: data.columns || [] });
      showRow(data.rows || [], 0);
      server.scheduleCheck();
    } catch (failure) {
      store.set({ audience: "", rowsError: failure.message });
    }
  }

  function RowControl({ state }) {
    const audiences = E.config.audiences || [];
    if (!audiences.length) return null;
    const { rows, rowIndex } = state;
    const step = (by) => showRow(rows, (rowIndex + by + rows.length) % rows.length);
    return html`<div class="row-control">
      <label>${w.audience} <select value=${state.audience || ""}
        onChange=${(event) => chooseAudience(event.target.value)}>
        <option value="">${w.noRow}</option>
        ${audiences.map((one) => html`<option key=${one.id} value=${String(one.id)}>${one.name}</option>`)}
      </select></label>
      ${rows.length > 0 && html`<span class="row-flip">
        <button type="button" class="small" aria-label=${w.previousRow} onClick=${() => step(-1)}>‹</button>
        <span aria-live="polite">${fill(w.rowOf, { number: rowIndex + 1, count: rows.length })}</span>
        <button type="button" class="small" aria-label=${w.nextRow} onClick=${() => step(1)}>›</button></span>`}
      ${state.rowsError && html`<span class="problem problem-error" role="alert">${state.rowsError}</span>`}
      ${state.audience && !rows.length && html`<span class="help">${w.noRows}</span>`}
    </div>`;
  }

  /* --- tabs ----------------------------------------------------------------------------------------------- */

  function tabsOf(state) {
    if (!shapes.RICH_KINDS.includes(state.content.kind)) return ["rcs"];
    return ["rcs", ...shapes.FALLBACK_PARTS.filter((part) => state.fallback[part])];
  }

  const tabWord = (tab, content) => (tab === "rcs" && !shapes.RICH_KINDS.includes(content.kind) ? w.kinds[content.kind] : w.tabs[tab]);

  function Tabs({ tabs, tab, content }) {
    const onKeyDown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      store.set({ tab: next });
      event.currentTarget.querySelector(`[data-tab="${next}"]`).focus();
    };
    return html`<div class="preview-tabs" role="tablist" onKeyDown=${onKeyDown}>${tabs.map(
      (one) => html`<button type="button" role="tab" key=${one} data-tab=${one}
        aria-selected=${one === tab ? "true" : "false"}
        tabindex=${one === tab ? 0 : -1} class=${classes("preview-tab", one === tab && "on")}
          onClick=${() => store.set({ tab: one })}>
        ${tabWord(one, content)}</button>`,
    )}</div>`;
  }

  function PartPrice({ tab, state }) {
    const { content, fallback } = state;
    const isRich = shapes.RICH_KINDS.includes(content.kind);
    const price = isRich ? E.priceOf(tab, fallback[tab]) : E.priceOf(content.kind, content);
    return price && html`<p class="preview-price">${price}</p>`;
  }

  function Switch({ name, label, on }) {
    return html`<label class="check"><input type="checkbox" checked=${on}
      onChange=${() => store.set({ [name]: !on })} /> ${label}</label>`;
  }

  function Preview({ state }) {
    const tabs = tabsOf(state);
    const tab = tabs.includes(state.tab) ? state.tab : "rcs";
    return html`<aside class="preview" aria-label=${w.preview}>
      <div class="preview-head">
        <${Tabs} tabs=${tabs} tab=${tab} content=${state.content} />
        <${Switch} name="dark" label=${w.dark} on=${state.dark} />
      </div>
      <${RowControl} state=${state} />
      ${tab === "rcs" && hasLongText(state.content, state.row) && html`<${Switch} name="folding" label=${w.asFolding}
        on=${state.folding} />`}
      <div class="phone-place-holder"><${Phone} state=${state} tab=${tab}
        onClick=${E.config.readonly ? null : goToField} /></div>
      <${PartPrice} tab=${tab} state=${state} />
      <p class="help">${w.drawing}</p>
    </aside>`;
  }

  Object.assign(E, { Preview, Phone, PreviewTabs: Tabs, PreviewSwitch: Switch, previewTabsOf: tabsOf });
})(window.Songda.editor);
