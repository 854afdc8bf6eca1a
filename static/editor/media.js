/* Choosing from the media library, and what is said about the chosen file. */
(function (E) {
  "use strict";
  const { html, useEffect, useRef, useState } = window.SongdaRuntime;
  const { memo, words: w, fill, store, server, shapes, own, classes, Problems, TextField, size } = E;

  /* Widths and heights on screen by place, for the share that is cut off. */
  const HEIGHTS = { SHORT: 112, MEDIUM: 168, TALL: 264 };
  const CARD_WIDTHS = { MEDIUM_WIDTH: 232, SMALL_WIDTH: 120 };

  function slot(content, height) {
    if (content.kind === "carousel") return [CARD_WIDTHS[content.width], HEIGHTS[height]];
    if (content.kind === "card" && content.orientation === "VERTICAL") return [300, HEIGHTS[height]];
    return null;
  }

  const percent = (share) => Math.round(share * 100) + "%";

  /* What a centred crop loses on each side, or "" when it is not worth a word. */
  function cropSentence(asset, box) {
    if (!box || !asset || !asset.width || !asset.height) return "";
    const ratio = (asset.width / asset.height) / (box[0] / box[1]);
    const lost = ratio > 1 ? (1 - 1 / ratio) / 2 : (1 - ratio) / 2;
    if (lost < 0.02) return "";
    return fill(ratio > 1 ? w.cropSides : w.cropEnds, { percent: percent(lost) });
  }

  function facts(asset) {
    const measures = asset.width ? fill(w.measures, asset) : "";
    const seconds = asset.seconds ? `${Number(asset.seconds)} s` : "";
    return [measures, asset.size ? size(asset.size) : "", seconds].filter(Boolean).join(" · ");
  }

  const typeOf = (asset) => (asset.mime || "").split("/")[0];

  function Thumb({ asset }) {
    const source = asset.thumb || (typeOf(asset) === "image" ? asset.url : "");
    if (source) return html`<img class="thumb" src=${source} alt="" loading="lazy" />`;
    return html`<span class=${"thumb thumb-" + typeOf(asset)} aria-hidden="true"></span>`;
  }

  /* --- the dialog ----------------------------------------------------------------------------------------- */

  function Item({ asset, onPick }) {
    return html`<li><button type="button" class="library-item" onClick=${() => onPick(asset)}>
      <${Thumb} asset=${asset} />
      <span class="library-name">${asset.name}</span>
      <span class="help">${facts(asset)}</span>
    </button></li>`;
  }

  function Uploader({ onDone, accept }) {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState("");
    const [over, setOver] = useState(false);
    const send = async (file) => {
      if (!file) return;
      setBusy(true);
      setError("");
      try {
        onDone(await server.upload(file), file);
      } catch (failure) {
        setError(failure.message);
      }
      setBusy(false);
    };
    const drop = (event) => {
      event.preventDefault();
      setOver(false);
      send(event.dataTransfer.files[0]);
    };
    return html`<div class=${classes("uploader", over && "over")} onDrop=${drop} onDragLeave=${() => setOver(false)}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }}>
      <label class="upload-label">${busy ? w.uploading : w.dropHere}
        <span class="upload-button"><input type="file" class="sr-only" accept=${accept} aria-label=${w.upload}
          disabled=${busy} onChange=${(event) => send(event.target.files[0])} />${w.chooseFile}</span></label>
      ${error && html`<p class="problem problem-error" role="alert">${error}</p>`}
    </div>`;
  }

  function useLibrary(type, query) {
    const [found, setFound] = useState({ items: [], next: null });
    const failed = (failure) => setFound({ ...found, error: failure.message });
    useEffect(() => {
      let wanted = true;
      const take = (data) => wanted && setFound({ items: data.items || [], next: data.next });
      const timer = setTimeout(() => server.listMedia(query, type).then(take, failed), query ? 250 : 0);
      return () => { wanted = false; clearTimeout(timer); };
    }, [type, query]);
    const add = (data) => setFound({ items: [...found.items, ...data.items], next: data.next });
    const more = () => server.listMedia(query, type, found.next).then(add, failed);
    return [found, more];
  }

  function Library({ type, onPick, onClose }) {
    const dialog = useRef(null);
    const [query, setQuery] = useState("");
    const [found, more] = useLibrary(type, query);
    useEffect(() => dialog.current.showModal(), []);
    const onKeyDown = (event) => {
      if (event.key === "Enter" && event.target.type === "search") event.preventDefault();
    };
    return html`<dialog class="library" ref=${dialog} aria-label=${w.library} onClose=${onClose} onKeyDown=${onKeyDown}>
      <div class="library-head">
        <input type="search" aria-label=${w.searchMedia} placeholder=${w.searchMedia} value=${query}
          onInput=${(event) => setQuery(event.target.value)} />
        <button type="button" onClick=${onClose}>${w.close}</button>
      </div>
      <${Uploader} onDone=${onPick} accept=${type ? type + "/*" : ""} />
      ${found.error && html`<p class="problem problem-error" role="alert">${found.error}</p>`}
      ${found.items.length
        ? html`<ul class="library-items">${found.items.map((asset) => html`<${Item} key=${asset.id} asset=${asset}
          onPick=${onPick} />`)}</ul>`
        : !found.error && html`<p class="empty">${w.noneFound}</p>`}
      ${found.next && html`<button type="button" onClick=${more}>${w.more}</button>`}
    </dialog>`;
  }

  /* --- the field ------------------------------------------------------------------------------------------ */

  function Chosen({ asset, id, crop }) {
    if (!id) return html`<span class="quiet">${w.noMedia}</span>`;
    if (!asset) return html`<code>${id}</code>`;
    return html`<${Thumb} asset=${asset} />
      <span class="media-facts"><span class="media-name">${asset.name}</span>
        <span class="help">${facts(asset)}${crop && html` · <span class="crop">${crop}</span>`}</span></span>`;
  }

  /* One asset id at `path`; `type` narrows the library, `onPick` is told the id ("" = none). */
  function AssetField({ path, label, id, asset, type, crop, problems, name, onPick, help }) {
    const [open, setOpen] = useState(false);
    const button = useRef(null);
    const close = () => {
      setOpen(false);
      requestAnimationFrame(() => button.current && button.current.focus());
    };
    const pick = (chosen, file) => {
      onPick(String(chosen.id));
      close();
      if (type !== "image") frameOf(chosen, file);
    };
    const found = own(problems, name);
    return html`<div class=${classes("field media-field", found.some((one) => one.severity === "error") && "invalid")}
      data-path=${path}
      role="group" aria-label=${label}>
      <span class="label">${label}</span>
      <div class="media-row">
        <${Chosen} asset=${asset} id=${id} crop=${crop} />
        <span class="media-actions">
          <button type="button" ref=${button} onClick=${() => setOpen(true)}>${id ? w.replace : w.choose}</button>
          ${id && html`<button type="button" class="link-button" onClick=${() => onPick("")}>${w.takeAway}</button>`}
        </span>
      </div>
      ${help && html`<p class="help">${help}</p>`}
      <${Problems} problems=${found} path=${path} />
      ${open && html`<${Library} type=${type} onPick=${pick} onClose=${close} />`}
    </div>`;
  }

  /* A film stands for itself by a frame: the one it has, or one taken now from the file or from the library. */
  async function frameOf(asset, file) {
    const id = String(asset.id);
    if (typeOf(asset) !== "video" || !E.config.urls.media_frame) return;
    try {
      const { thumbnail } = asset.thumbnail ? asset : await server.addFrame(asset, file || asset.url);
      store.fillThumbnails(id, thumbnail);
    } catch (failure) {
      if (failure.kind) store.say(failure.message); // the film may well be readable
      else server.keep([{ ...asset, unreadable: true }]);
    }
  }

  /* A MediaRef or null at `path`: the asset, and what belongs to it. `asset` and `thumbAsset` are the library's rows. */
  const MediaField = memo(function MediaField({ path, name, label, value, asset, thumbAsset, box, problems, alt, type }) {
    const pick = (id) => {
      if (!id) return store.change(path, null);
      return store.change(path, value ? { ...value, asset: id, thumbnail: "" } : shapes.media(id));
    };
    const needsThumbnail = asset && typeOf(asset) !== "image";
    const assetName = name + ".asset";
    const found = problems.map((one) => (one.path === assetName ? { ...one, path: name } : one));
    return html`<div class="media">
      <${AssetField} path=${path} label=${label} id=${value ? value.asset : ""} asset=${asset} type=${type || ""}
        name=${name}
        problems=${found} crop=${cropSentence(asset, box)} onPick=${pick} />
      ${needsThumbnail && alt && html`<${AssetField} path=${path + ".thumbnail"} label=${w.thumbnail}
        id=${value.thumbnail}
        asset=${thumbAsset} type="image" name=${name + ".thumbnail"} problems=${problems}
        help=${asset.unreadable && !value.thumbnail ? w.unreadableFilm : w.thumbnailHelp}
        onPick=${(id) => store.change(path + ".thumbnail", id)} />`}
      ${value && alt && html`<details class="data"><summary>${w.alt}</summary>
        <${TextField} path=${path + ".alt"} name=${name + ".alt"} label=${w.alt} value=${value.alt} problems=${problems}
          limit="media.alt" help=${w.altHelp} /></details>`}
    </div>`;
  });

  Object.assign(E, { MediaField, mediaSlot: slot, typeOf, HEIGHTS });
})(window.Songda.editor);
