/* Card buttons and chips: one list, eight kinds. */
(function (E) {
  "use strict";
  const { html, useState } = window.SongdaRuntime;
  const {
    memo, words: w, fill, store, shapes, limits, classes, problems: found, Handle, Actions, TextField, Select, Problems,
  } = E;

  const isDate = (value) => value.length === 10;

  function TimeField({ path, name, label, value, problems, wholeDay }) {
    const type = wholeDay ? "date" : "datetime-local";
    return html`<${TextField} path=${path} name=${name} label=${label} value=${value} problems=${problems}
      input=${inputOf(type)} />`;
  }

  /* One object for each kind of input, so that memoised fields see the same props. */
  const inputs = {};
  const inputOf = (type) => (inputs[type] = inputs[type] || { type });

  function Calendar({ item, path, problems }) {
    const [wholeDay, setWholeDay] = useState(isDate(item.start || item.end));
    const setWhole = (whole) => {
      setWholeDay(whole);
      for (const name of ["start", "end"]) {
        const day = item[name].slice(0, 10);
        if (day) store.change(`${path}.${name}`, whole ? day : day + "T09:00");
      }
    };
    return html`
      <label class="check"><input type="checkbox" checked=${wholeDay}
        onChange=${(event) => setWhole(event.target.checked)} />
        ${w.wholeDay}</label>
      ${["start", "end"].map(
        (name) => html`<${TimeField} key=${name} path=${path + "." + name} name=${name} label=${w.fields[name]}
          value=${item[name]} problems=${problems} wholeDay=${wholeDay} />`,
      )}
      <${Plain} item=${item} path=${path} problems=${problems} name="title" />
      <${Plain} item=${item} path=${path} problems=${problems} name="description" />`;
  }

  const INPUTS = {
    phone: { type: "tel" },
    latitude: { inputMode: "decimal", placeholder: "39.915031" },
    longitude: { inputMode: "decimal", placeholder: "116.403978" },
    url: { inputMode: "url", placeholder: "https://" },
    query: { placeholder: w.queryExample },
  };
  const WITH_VARIABLES = ["url", "text", "title", "description", "query"];

  function Plain({ item, path, problems, name }) {
    return html`<${TextField} path=${path + "." + name} name=${name} label=${w.fields[name]} value=${item[name]}
      problems=${problems} limit=${limits.of("suggestion." + name).most ? "suggestion." + name : ""}
        input=${INPUTS[name]}
      variables=${WITH_VARIABLES.includes(name)} />`;
  }

  function OwnFields({ item, path, problems }) {
    if (item.kind === "calendar") return html`<${Calendar} item=${item} path=${path} problems=${problems} />`;
    return shapes.SUGGESTION_FIELDS[item.kind].map((name) =>
      name === "application"
        ? html`<${Select} key=${name} path=${path + "." + name} name=${name} label=${w.fields[name]} value=${item[name]}
            options=${w.applications} problems=${problems} />`
        : html`<${Plain} key=${name} item=${item} path=${path} problems=${problems} name=${name} />`,
    );
  }

  const nameOf = (item, index, chip) => item.label || fill(chip ? w.chip : w.button, { number: index + 1 });

  function KindFields({ item, path, problems }) {
    const changeKind = (kind) => store.change(path, shapes.suggestion(kind, item));
    return html`<div class="suggestion-fields">
      <${Select} path=${path + ".kind"} name="kind" label=${w.buttonKind} value=${item.kind}
        options=${w.suggestionKinds} problems=${problems} onPick=${changeKind} />
      <${TextField} path=${path + ".label"} name="label" label=${w.fields.label} value=${item.label}
        problems=${problems}
        limit="suggestion.label" />
      <${OwnFields} key=${item.kind} item=${item} path=${path} problems=${problems} />
      <p class="help kind-help">${w.kindHelp[item.kind]}</p>
    </div>`;
  }

  function Data({ item, path, problems }) {
    const hasProblem = problems.some((one) => one.path === "data");
    return html`<details class="data" open=${hasProblem || undefined}>
      <summary>${w.fields.data} <code>${item.data}</code></summary>
      <${TextField} path=${path + ".data"} name="data" label=${w.fields.data} value=${item.data} problems=${problems}
        limit="suggestion.data" help=${w.dataHelp} />
    </details>`;
  }

  const OfItem = ({ path, problems }) => html`<${Problems} problems=${problems.filter((one) => one.path === "")}
    path=${path} />`;

  /* On a telephone a button folds as cards do; one that waits for its first word is open. */
  function Folding({ item, path, problems, actions }) {
    const [opened, setOpened] = useState(!item.label);
    return html`<div class="item-head">
        <${E.FoldButton} item=${item} opened=${opened} panel=${"panel-" + item.key} onToggle=${() => setOpened(!opened)}>
          <strong>${w.suggestionKinds[item.kind]}</strong><span class="item-summary">${item.label}</span><//>
        <${E.CountBadge} problems=${problems} />
        ${actions}
      </div>
      ${opened && html`<div class="item-body" id=${"panel-" + item.key}>
        <${KindFields} item=${item} path=${path} problems=${problems} />
        <${Data} item=${item} path=${path} problems=${problems} />
        <${OfItem} path=${path} problems=${problems} />
      </div>`}`;
  }

  const Suggestion = memo(function Suggestion({ item, list, index, count, problems, full, chip, drop }) {
    const isNarrow = E.useNarrow();
    const path = `${list}.${index}`;
    const parts = { item, path, problems };
    const actions = html`<${Actions} list=${list} index=${index} count=${count} name=${nameOf(item, index, chip)}
      full=${full} />`;
    const name = classes("item", isNarrow ? "suggestion-folding" : "suggestion", drop);
    return html`<li class=${name} data-list=${list} data-key=${item.key} data-path=${path}>
      ${isNarrow ? html`<${Folding} ...${parts} actions=${actions} />` : html`
        <${Handle} list=${list} itemKey=${item.key} />
        <${KindFields} ...${parts} />
        <div class="suggestion-foot"><${Data} ...${parts} />${actions}</div>
        <${OfItem} ...${parts} />`}
    </li>`;
  });

  function focusLabel(list, index) {
    requestAnimationFrame(() => {
      const field = document.querySelector(`[data-path="${CSS.escape(`${list}.${index}.label`)}"]`);
      if (field) field.focus();
    });
  }

  /* `problems` are relative to the item that holds the list; `limit` names the count's limit. */
  function Suggestions({ items, owner, ownerKey, problems, limit, chip, drag }) {
    const list = owner ? `${owner}.suggestions` : "suggestions";
    const most = limits.of(limit).most || 4;
    const full = items.length >= most;
    const add = () => {
      store.insert(list, items.length, shapes.suggestion("reply"));
      focusLabel(list, items.length);
    };
    return html`<section class="suggestions" data-path=${list}>
      <h4>${chip ? w.chips : w.buttons} <span class="count">${items.length}/${most}</span></h4>
      ${chip && html`<p class="help">${w.chipsHelp}</p>`}
      <ul class="items">
        ${items.map(
          (item, index) => html`<${Suggestion} key=${item.key} item=${item} list=${list} index=${index}
            count=${items.length}
            full=${full} chip=${chip} drop=${E.reorder.dropClasses(drag, list, index, items.length, item.key)}
            problems=${found.scope(problems, `suggestions.${index}`, ownerKey + item.key)} />`,
        )}
      </ul>
      <${Problems} problems=${problems.filter((one) => one.path === "suggestions")} path=${list} />
      <button type="button" class="add" data-add=${list} disabled=${full} onClick=${add}>
        + ${chip ? w.addChip : w.addButton}</button>
      ${full && html`<span class="help">${fill(w.full, { count: most })}</span>`}
    </section>`;
  }

  E.Suggestions = Suggestions;
})(window.Songda.editor);
