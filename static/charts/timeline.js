/* Handed over, delivered, not delivered and replies over time. The numbers stand in the table below; with each refresh of
   the progress page come new ones. */
(function () {
  "use strict";

  var DRAWN = ["sent", "delivered", "failed", "replies"];
  // Dashes and points of another shape for each, so that colour does not speak alone.
  var LOOKS = {
    sent: { colour: "--moving-line", dash: [], point: "circle" },
    delivered: { colour: "--good-line", dash: [8, 3], point: "rect" },
    failed: { colour: "--problem-line", dash: [2, 3], point: "triangle" },
    replies: { colour: "--unsure-line", dash: [8, 3, 2, 3], point: "rectRot" },
  };

  var panel = document.querySelector("[data-timeline]");
  var source = document.getElementById("timeline-figures");
  if (!panel || !source) return;
  var box = panel.querySelector(".chart-box");
  var canvas = panel.querySelector("canvas");
  var figures = JSON.parse(source.textContent);
  var chart = null;

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function dataset(kind) {
    var look = LOOKS[kind];
    var line = colour(look.colour);
    return {
      label: figures.words[kind],
      data: figures[kind],
      borderColor: line,
      backgroundColor: line,
      borderDash: look.dash,
      borderWidth: 2,
      pointStyle: look.point,
      pointRadius: figures.labels.length > 30 ? 0 : 3,
      pointHoverRadius: 5,
    };
  }

  function options() {
    var text = colour("--body-quiet-color");
    var lines = { color: colour("--hairline") };
    return {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { position: "bottom", labels: { color: text, usePointStyle: true, boxHeight: 7 } } },
      scales: {
        // Few points stand in the middle of their share, not on the axis.
        x: { offset: figures.labels.length < 4, ticks: { color: text, maxRotation: 0, autoSkipPadding: 16 }, grid: lines },
        y: { beginAtZero: true, ticks: { color: text, precision: 0 }, grid: lines },
      },
    };
  }

  function total(kind) {
    return figures[kind].reduce(function (sum, n) { return sum + n; }, figures.untimed[kind] || 0);
  }

  function shown(number) {
    return number.toLocaleString("en-US");
  }

  function cell(tag, text) {
    var one = document.createElement(tag);
    if (tag === "th") one.scope = "row";
    else one.className = "num";
    one.textContent = text;
    return one;
  }

  function fillTable() {
    var rows = figures.labels.map(function (label, n) {
      if (!DRAWN.some(function (kind) { return figures[kind][n]; })) return null;
      var row = document.createElement("tr");
      row.append.apply(row, [cell("th", label)].concat(DRAWN.map(function (kind) {
        return cell("td", shown(figures[kind][n]));
      })));
      return row;
    }).filter(Boolean);
    panel.querySelector("tbody").replaceChildren.apply(panel.querySelector("tbody"), rows);
    panel.querySelectorAll("tfoot td").forEach(function (one, n) { one.textContent = shown(total(DRAWN[n])); });
    panel.querySelectorAll("thead .num").forEach(function (one, n) { one.textContent = figures.words[DRAWN[n]]; });
  }

  function sayWhat() {
    var parts = DRAWN.map(function (kind) { return figures.words[kind] + " " + shown(total(kind)); });
    canvas.setAttribute("aria-label", parts.join("，"));
    panel.querySelector("[data-step]").textContent = figures.step;
  }

  function draw() {
    if (!figures.labels) return;
    panel.hidden = box.hidden = false;
    sayWhat();
    if (chart) chart.destroy();
    chart = new window.Chart(canvas, {
      type: "line",
      data: { labels: figures.labels, datasets: DRAWN.map(dataset) },
      options: options(),
    });
  }

  function renew(news) {
    var fresh = news.timeline;
    if (!fresh || !fresh.labels || JSON.stringify(fresh) === JSON.stringify(figures)) return;
    figures = fresh;
    fillTable();
    draw();
  }

  document.addEventListener("songda:refreshed", function (event) { renew(event.detail); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  draw();
})();
