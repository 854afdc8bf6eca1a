/* MMS and video SMS: a title and pages, as content or as a fallback part. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const {
    memo, words: w, fill, store, shapes, limits, classes, problems: found, Handle, Actions, FoldButton, CountBadge, TextField,
    MediaField, Problems, assetsOf, size, text,
  } = E;

  const nameOf = (index) => fill(w.frameNumber, { number: index + 1 });

  function SecondsField({ path, value, problems }) {
    const onInput = (event) => {
      const seconds = parseInt(event.target.value, 10);
      if (Number.isFinite(seconds)) store.change(path, seconds);
    };
    return html`<${TextField} path=${path} name="seconds" label=${w.seconds} value=${String(value)} problems=${problems}
      input=${SECONDS_INPUT(onInput, path)} />`;
  }
  const inputs = {};
  const SECONDS_INPUT = (onInput, path) =>
    (inputs[path] = inputs[path] || { type: "number", min: 1, max: 600, onInput });

  const Frame = memo(function Frame({ frame, list, index, count, opened, problems, full, asset, drop }) {
    const path = `${list}.${index}`;
    return html`<li class=${classes("item frame-item", opened && "opened", drop)} data-list=${list}
      data-key=${frame.key} data-path=${path}>
      <div class="item-head">
        <${Handle} list=${list} itemKey=${frame.key} />
        <${FoldButton} item=${frame} opened=${opened} panel=${"panel-" + frame.key}>
          <strong>${nameOf(index)}</strong><span class="item-summary">${frame.text.slice(0, 20)}</span><//>
        <${CountBadge} problems=${problems} />
        <${Actions} list=${list} index=${index} count=${count} name=${nameOf(index)} full=${full} />
      </div>
      ${opened && html`<div class="item-body" id=${"panel-" + frame.key}>
        <${Problems} problems=${problems.filter((one) => one.path === "")} path=${path} />
        <${MediaField} path=${path + ".media"} name="media" label=${w.media} value=${frame.media} asset=${asset}
          problems=${problems} />
        <${TextField} path=${path + ".text"} name="text" label=${w.text} value=${frame.text} problems=${problems}
          rows=${3}
          limit="frame.text" variables />
        <${SecondsField} path=${path + ".seconds"} value=${frame.seconds} problems=${problems} />
      </div>`}
    </li>`;
  });

  /* Bytes of all media and texts. */
  function weightOf(content, assets) {
    return content.frames.reduce((sum, frame) => {
      const asset = frame.media && assets[frame.media.asset];
      return sum + text.bytes(frame.text) + (asset ? asset.size : 0);
    }, text.bytes(content.title));
  }

  /* `root` is "" for content, "fallback.mms" for the part. */
  function Frames({ content, root, problems, state }) {
    const under = root ? root + "." : "";
    const list = `${under}frames`;
    const { frames } = content;
    const most = limits.of("mms.frames").most || 15;
    const full = frames.length >= most;
    const add = () => store.insert(list, frames.length, shapes.frame(), true);
    return html`<${TextField} path=${under + "title"} name="title" label=${w.mmsTitle} value=${content.title}
      problems=${problems}
        limit="mms.title" variables />
      <section class="cards" data-path=${list}>
        <div class="section-head"><h3>${w.frames} <span class="count">${frames.length}/${most}</span></h3></div>
        <ul class="items">
          ${frames.map((frame, index) => html`<${Frame} key=${frame.key} frame=${frame} list=${list} index=${index}
            count=${frames.length} opened=${Boolean(state.open[frame.key])}
              full=${full} ...${assetsOf(frame.media, state.assets)}
            drop=${E.reorder.dropClasses(state.drag, list, index, frames.length, frame.key)}
            problems=${found.scope(problems, `frames.${index}`, frame.key)} />`)}
        </ul>
        <${Problems} problems=${problems.filter((one) => one.path === "frames")} path=${list} />
        <button type="button" class="add" data-add=${list} disabled=${full} onClick=${add}>+ ${w.addFrame}</button>
      </section>`;
  }

  Object.assign(E, { Frames, mmsWeight: weightOf, size });
})(window.Songda.editor);
