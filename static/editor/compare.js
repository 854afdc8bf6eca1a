/* Two versions as two phones side by side. What differs is outlined on both; a line of the list shows its place. */
(function (E) {
  "use strict";
  const { html, render, useEffect, useState } = window.SongdaRuntime;
  const { words: w, fill, store, shapes, hasLongText } = E;

  /* "fallback.sms.text" is seen on the tab of the SMS, everything else on the first. */
  const tabOf = (path) => (path.startsWith("fallback.") ? path.split(".")[1] : "rcs");

  /* What is not one place but a trait of the whole message is outlined where it shows. */
  const WHOLE = {
    title_style: /\.?title$/, description_style: /\.?description$/, width: /^cards\.\d+$/, orientation: /^card$/,
    alignment: /^card\.media$/, kind: /^(card|text|media|cards\.\d+|title|label)$/,
  };

  function widened(paths, content) {
    const places = [...E.leaves(content)];
    return paths.flatMap((path) => [path, ...(WHOLE[path] ? places.filter((place) => WHOLE[path].test(place)) : [])]);
  }

  function open(version) {
    const content = shapes.open(version.content);
    return {
      ...version, content, fallback: shapes.openFallback(version.fallback), marks: widened(version.marks, version.content),
    };
  }

  function useStore() {
    const [, redraw] = useState(0);
    useEffect(() => store.subscribe(() => redraw((count) => count + 1)), []);
    return store.get();
  }

  /* A version that has no such step of the chain says so. */
  function Side({ state, version, index }) {
    const { tab } = state;
    const has = tab === "rcs" || version.fallback[tab];
    return html`<section class="compared" data-side=${index} aria-label=${version.name}>
      <h2>${version.name}</h2>
      ${has ? html`<div class="phone-place-holder"><${E.Phone} state=${{ ...state, ...version }} tab=${tab} /></div>`
        : html`<p class="notice">${fill(w.noPart, { part: w.parts[tab] })}</p>`}
    </section>`;
  }

  function Comparison() {
    const state = useStore();
    const { versions } = state;
    const tabs = ["rcs", ...shapes.FALLBACK_PARTS.filter((part) => versions.some((one) => one.fallback[part]))];
    return html`<div class="preview-head">
        <${E.PreviewTabs} tabs=${tabs} tab=${state.tab} content=${versions[1].content} />
        <span class="compare-switches">
          ${versions.some((one) => hasLongText(one.content, null)) && html`<${E.PreviewSwitch} name="folding"
            label=${w.asFolding} on=${state.folding} />`}
          <${E.PreviewSwitch} name="dark" label=${w.dark} on=${state.dark} />
        </span>
      </div>
      <div class="compared-phones">${versions.map((version, index) => html`<${Side} key=${index} index=${index}
        state=${state} version=${version} />`)}</div>`;
  }

  /* --- the list beside ------------------------------------------------------------------------------------ */

  /* The part of the phone at this path, or the nearest around it. */
  function part(side, path) {
    const places = [...document.querySelectorAll(`[data-side="${side}"] [data-place]`)];
    const around = places.filter((one) => E.paths.within(path, one.dataset.place));
    const below = places.filter((one) => E.paths.within(one.dataset.place, path));
    return around.sort((one, other) => other.dataset.place.length - one.dataset.place.length)[0] || below[0];
  }

  function point(side, path) {
    const found = path && part(side, path);
    if (!found) return;
    found.classList.add("phone-current");
    found.scrollIntoView({ block: "nearest", inline: "center" });
  }

  function show(item) {
    const { old, new: fresh } = item.dataset;
    store.set({ tab: tabOf(fresh || old) });
    document.querySelectorAll(".changes .current").forEach((one) => one.classList.remove("current"));
    item.classList.add("current");
    requestAnimationFrame(() => requestAnimationFrame(() => {
      document.querySelectorAll(".phone-current").forEach((one) => one.classList.remove("phone-current"));
      point(0, old);
      point(1, fresh);
    }));
  }

  function startList() {
    const list = document.querySelector(".changes");
    if (!list) return;
    list.addEventListener("click", (event) => {
      const button = event.target.closest(".change-place");
      if (button) show(button.closest("li"));
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const buttons = [...list.querySelectorAll(".change-place")];
      const next = step && buttons[buttons.indexOf(event.target) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
      show(next.closest("li"));
    });
  }

  function start() {
    const root = document.getElementById("template-comparison");
    if (!root) return;
    E.config = JSON.parse(document.getElementById("comparison-config").textContent);
    const { versions, media } = E.config;
    store.set({
      versions: versions.map(open), assets: {}, tab: "rcs", dark: E.startsDark(), folding: false, row: null, rows: [],
    });
    E.server.keep(media);
    render(html`<${Comparison} />`, root);
    root.dataset.ready = "true";
    startList();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})(window.Songda.editor);
