/* Bars of each day: delivered, not delivered, no receipt, no result yet. The numbers stand in the table beside them. */
(function () {
  "use strict";

  var DRAWN = ["delivered", "failed", "no_receipt", "open"];
  var COLOURS = { delivered: "--good-line", failed: "--problem-line", no_receipt: "--attention-line", open: "--moving-line" };
  // Lines of another direction for each, so that colour does not speak alone.
  var STROKES = { failed: [[0, 8, 8, 0]], no_receipt: [[0, 0, 8, 8]], open: [[0, 4, 8, 4]] };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function fill(kind) {
    var solid = colour(COLOURS[kind]);
    if (!STROKES[kind]) return solid;
    var tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    var pen = tile.getContext("2d");
    pen.fillStyle = solid;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = colour("--surface");
    STROKES[kind].forEach(function (line) {
      pen.beginPath();
      pen.moveTo(line[0], line[1]);
      pen.lineTo(line[2], line[3]);
      pen.stroke();
    });
    return pen.createPattern(tile, "repeat");
  }

  function numbers(data, chosen) {
    if (!chosen) return data.whole;
    var at = chosen.indexOf(":");
    return data.series[chosen.slice(0, at)][chosen.slice(at + 1)];
  }

  function datasets(data, found) {
    return DRAWN.map(function (kind) {
      return { label: data.words[kind], data: found[kind], backgroundColor: fill(kind), stack: "people" };
    });
  }

  function options() {
    var text = colour("--body-quiet-color");
    var axis = { stacked: true, ticks: { color: text, maxRotation: 0 }, grid: { color: colour("--hairline") } };
    return {
      animation: false,
      maintainAspectRatio: false,
      plugins: { legend: { position: "bottom", labels: { color: text, boxWidth: 14 } } },
      scales: { x: axis, y: Object.assign({ beginAtZero: true }, axis, { ticks: { color: text, precision: 0 } }) },
    };
  }

  function fillTable(body, data, found) {
    body.replaceChildren.apply(body, data.days.map(function (day, n) {
      var row = document.createElement("tr");
      [day].concat(DRAWN.map(function (kind) { return found[kind][n].toLocaleString("en-US"); })).forEach(function (text, column) {
        var cell = document.createElement(column ? "td" : "th");
        if (column) cell.className = "num";
        else cell.scope = "row";
        cell.textContent = text;
        row.appendChild(cell);
      });
      return row;
    }));
  }

  function start(panel) {
    var data = JSON.parse(document.getElementById("daily-figures").textContent);
    var choice = panel.querySelector("[data-choice]");
    var body = panel.querySelector("tbody");
    var chart = null;
    function draw() {
      var found = numbers(data, choice.value);
      fillTable(body, data, found);
      if (chart) chart.destroy();
      chart = new window.Chart(panel.querySelector("canvas"), {
        type: "bar",
        data: { labels: data.labels, datasets: datasets(data, found) },
        options: options(),
      });
    }
    choice.addEventListener("change", draw);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    draw();
  }

  document.querySelectorAll("[data-daily]").forEach(start);
})();
