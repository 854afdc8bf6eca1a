/* Times as the server's pages say them (kit.display.day_and_time): 今天 10:24, 昨天 20:05, 11月18日 09:30, and the date
   alone in other years; in the server's time zone, whatever the browser's is.

   dayAndTime(moment): milliseconds, or a text with an offset as isoformat() makes it. */
window.Songda = window.Songda || {};

(function (Songda) {
  "use strict";
  const DAY = 86400000;

  /* As if the server's local time were UTC. */
  function local(at) {
    const { adminUtcOffset: seconds } = document.body.dataset;
    return new Date(at.getTime() + 1000 * Number(seconds === undefined ? -60 * at.getTimezoneOffset() : seconds));
  }

  const daysBetween = (one, other) => Math.floor(other / DAY) - Math.floor(one / DAY);

  function dayAndTime(moment) {
    const then = local(new Date(moment));
    if (Number.isNaN(then.getTime())) {
      return "—"; // a time that is not known keeps nothing else from being said
    }
    const now = local(new Date());
    const { lang } = document.documentElement;
    const language = !lang || lang.startsWith("en") ? "en-GB" : lang;
    const clock = then.toISOString().slice(11, 16);
    const days = daysBetween(then, now);
    if (days === 0 || days === 1) {
      return `${new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0 - days, "day")} ${clock}`;
    }
    const isThisYear = then.getUTCFullYear() === now.getUTCFullYear();
    const parts = { timeZone: "UTC", month: "short", day: "numeric", ...(isThisYear ? {} : { year: "numeric" }) };
    const date = new Intl.DateTimeFormat(language, parts).format(then);
    return isThisYear ? `${date} ${clock}` : date;
  }

  Songda.dayAndTime = dayAndTime;
})(window.Songda);
