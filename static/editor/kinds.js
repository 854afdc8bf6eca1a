/* The body of the editor for each kind of message. */
(function (E) {
  "use strict";
  const { html } = window.SongdaRuntime;
  const { words: w, limits, TextField, MediaField, Suggestions, Frames, Carousel, SingleCard, assetsOf, SmsUnits } = E;

  function Text({ content, problems }) {
    return html`<${TextField} path="text" name="text" label=${w.text} value=${content.text} problems=${problems}
      limit="text.text" rows=${6} variables />`;
  }

  function File({ content, problems, state }) {
    return html`<${MediaField} path="media" name="media" label=${w.mediaFile} value=${content.media}
      problems=${problems}
      ...${assetsOf(content.media, state.assets)} alt />`;
  }

  const DECIMAL = { inputMode: "decimal" };

  function Place({ content, problems }) {
    return html`<${TextField} path="label" name="label" label=${w.placeName} value=${content.label} problems=${problems}
        limit="place.label" variables />
      <div class="row">
        <${TextField} path="latitude" name="latitude" label=${w.latitude} value=${content.latitude}
          problems=${problems} input=${DECIMAL} />
        <${TextField} path="longitude" name="longitude" label=${w.longitude} value=${content.longitude}
          problems=${problems} input=${DECIMAL} />
      </div>`;
  }

  function Mms({ content, problems, state }) {
    return html`<${Frames} content=${content} root="" problems=${problems} state=${state} />`;
  }

  function Sms({ content, problems }) {
    return html`<${TextField} path="text" name="text" label=${w.text} value=${content.text} problems=${problems}
        limit="sms.text" rows=${6} variables help=${w.smsHelp} />
      <${SmsUnits} text=${content.text} />`;
  }

  const BODIES = { text: Text, card: SingleCard, carousel: Carousel, file: File, place: Place, mms: Mms, sms: Sms };

  function Body({ state, problems }) {
    const { content } = state;
    const View = BODIES[content.kind];
    return html`<div class="body-fields" key=${content.kind}>
      <${View} content=${content} problems=${problems} state=${state} />
      ${content.suggestions && limits.of("suggestions").most && html`<${Suggestions} items=${content.suggestions}
        owner=""
        ownerKey="chips" problems=${problems} limit="suggestions" chip drag=${state.drag} />`}
    </div>`;
  }

  E.Body = Body;
})(window.Songda.editor);
