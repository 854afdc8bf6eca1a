/* Labelled fields with their counter, their problems and, for texts, the variable picker. */
(function (E) {
  "use strict";
  const { html, useRef, useState } = window.SongdaRuntime;
  const { classes, memo, words: w, fill, text, limits, store } = E;

  const idOf = (path) => "e-" + path.replaceAll(".", "-");

  /* A fix is a value for a path; a picture's is a crop that the server makes. */
  async function applyFix({ path, value, crop }) {
    if (!crop) return store.change(path, value);
    try {
      const asset = await E.server.crop(store.read(path), crop);
      store.change(path, String(asset.id));
    } catch (failure) {
      store.say(failure.message);
    }
  }

  function sentence(problem) {
    return problem.account ? fill(w.accountSays, problem) : problem.message;
  }

  const problemClass = (one) => classes("problem", "problem-" + one.severity, one.refused && "problem-refused");

  function ProblemLine({ problem }) {
    return html`<li class=${problemClass(problem)}>
      <span aria-hidden="true" class="problem-icon"></span>
      <span>${sentence(problem)}</span>
      ${problem.fix && html`<button type="button" class="link-button"
        onClick=${() => applyFix(problem.fix)}>${problem.fix.label || w.fix}</button>`}
    </li>`;
  }

  function Problems({ problems, path }) {
    if (!problems.length) return null;
    return html`<ul class="problems" id=${idOf(path) + "-problems"}>
      ${problems.map((one) => html`<${ProblemLine} key=${one.rule + one.message} problem=${one} />`)}
    </ul>`;
  }

  /* "4/200 characters · 12/150 bytes"; never cuts, only counts and marks. */
  function Counter({ limit, value }) {
    const letters = text.characters(value);
    const bytes = text.bytes(value);
    const ofBytes = limit.warn_unit === "bytes" && limit.warn;
    const bytesSentence = ofBytes ? fill(w.bytesOf, { count: bytes, most: limit.warn }) : fill(w.bytes, { count: bytes });
    const most = limit.most;
    return html`<span class="counter">
      <span class=${classes(most && letters > most && "over")}>
        ${most ? fill(w.lettersOf, { count: letters, most }) : fill(w.letters, { count: letters })}
      </span>${" · "}<span class=${classes(ofBytes && bytes > limit.warn && "warn")}>${bytesSentence}</span>
    </span>`;
  }

  function attributes(path, problems, help) {
    const ids = [problems.length && idOf(path) + "-problems", help && idOf(path) + "-help"].filter(Boolean);
    return {
      id: idOf(path),
      "data-path": path,
      "aria-invalid": problems.some((one) => one.severity === "error") ? "true" : undefined,
      "aria-describedby": ids.length ? ids.join(" ") : undefined,
    };
  }

  const own = (problems, name) => problems.filter((one) => one.path === name);

  function Label({ path, label, children }) {
    return html`<div class="field-head"><label for=${idOf(path)}>${label}</label>${children}</div>`;
  }

  const onInput = (path) => (event) => {
    E.undo.typed();
    store.change(path, text.clean(event.target.value));
  };

  /* `problems` are those of the item around, `name` the field's own path in it; `limit` is a name in the table. */
  const TextField = memo(function TextField(props) {
    const { path, name, label, value, problems, limit, rows, help, variables, input } = props;
    const field = useRef(null);
    const [picking, setPicking] = useState(false);
    const found = own(problems, name);
    const shared = { ...attributes(path, found, help), ref: field, value, onInput: onInput(path), ...input };
    return html`<div class=${classes("field", "field-" + path.split(".").pop(), picking && "picking")}>
      <${Label} path=${path} label=${label}>
        ${variables && html`<${E.VariableButton} open=${picking} onToggle=${() => setPicking(!picking)} />`}
      <//>
      ${rows ? html`<textarea rows=${rows} ...${shared}></textarea>` : html`<input type="text" ...${shared} />`}
      ${picking && html`<${E.VariableMenu} field=${field} vendor=${variables} path=${path}
        onClose=${() => setPicking(false)} />`}
      ${limit && html`<${Counter} limit=${limits.of(limit)} value=${value} />`}
      ${help && html`<p class="help" id=${idOf(path) + "-help"}>${help}</p>`}
      <${Problems} problems=${found} path=${path} />
    </div>`;
  });

  const Select = memo(function Select({ path, name, label, value, options, problems, disabled, onPick, hideLabel }) {
    const found = own(problems, name);
    const pick = onPick || ((next) => store.change(path, next));
    return html`<div class=${classes("field", "field-select", hideLabel && "field-bare")}>
      <label for=${idOf(path)} class=${classes(hideLabel && "sr-only")}>${label}</label>
      <select ...${attributes(path, found)} disabled=${disabled} value=${value}
        onChange=${(event) => pick(event.target.value)}>
        ${Object.entries(options).map(
          ([key, word]) => html`<option key=${key} value=${key} selected=${key === value}>${word}</option>`,
        )}
      </select>
      <${Problems} problems=${found} path=${path} />
    </div>`;
  });

  const NONE = [];

  const Choice = memo(function Choice({ path, name, label, value, options, disabled, onPick, problems }) {
    const pick = onPick || ((next) => store.change(path, next));
    const found = problems ? own(problems, name || path) : NONE;
    return html`<fieldset class="choice" data-path=${path}>
      <legend>${label}</legend>
      <div class="choice-options">
        ${Object.entries(options).map(
          ([key, word]) => html`<label key=${key} class=${classes("choice-option", key === value && "on")}>
            <input type="radio" name=${"choice-" + path} value=${key} checked=${key === value}
              disabled=${(disabled || []).includes(key)} onChange=${() => pick(key)} />${word}
          </label>`,
        )}
      </div>
      <${Problems} problems=${found} path=${path} />
    </fieldset>`;
  });

  /* Bold, italics, underline: for all titles, or all descriptions, of the message. */
  const Styles = memo(function Styles({ path, label, value, problems }) {
    const flip = (style) => (value.includes(style) ? value.filter((one) => one !== style) : [...value, style]);
    return html`<fieldset class="choice" data-path=${path}>
      <legend>${label}</legend>
      <div class="choice-options">
        ${Object.entries(w.styles).map(
          ([style, word]) => html`<label key=${style} class=${classes("choice-option", value.includes(style) && "on")}>
            <input type="checkbox" checked=${value.includes(style)} onChange=${() => store.change(path, flip(style))} />
            <span class=${"style-" + style}>${word}</span>
          </label>`,
        )}
      </div>
      <${Problems} problems=${own(problems, path)} path=${path} />
    </fieldset>`;
  });

  Object.assign(E, { idOf, own, sentence, problemClass, attributes, Problems, Counter, TextField, Select, Choice, Styles });
})(window.Songda.editor);
