/* The one poller: asks for what is new every 2 s, every 10 s after a quiet minute; not while the tab is hidden, and no more once
   it is over.

   poll({address, show, lost, idleAfter}): `address()` gives what to ask, `show(data)` draws the answer and gives {changed, over},
   `lost()` says that no answer came. Where nothing has changed for `idleAfter` milliseconds it asks once a minute only. While
   nobody is signed in it waits: the bar of ask.js says so. */
window.Songda = window.Songda || {};

(function (Songda) {
  "use strict";
  const QUICK = 2000;
  const SLOW = 10000;
  const RARE = 60000;
  const CALM_AFTER = 60000;

  function poll({ address, show, lost, idleAfter = Infinity }) {
    let changedAt = Date.now();
    let timer = null;
    let isOver = false;

    function pause() {
      const calm = Date.now() - changedAt;
      if (calm > idleAfter) return RARE;
      return calm > CALM_AFTER ? SLOW : QUICK;
    }

    function later(wait) {
      clearTimeout(timer);
      if (!isOver) timer = setTimeout(look, wait);
    }

    async function look() {
      if (document.hidden) return;
      try {
        const answer = await Songda.ask(address(), { poll: true });
        if (answer.status !== 200) throw new Error(String(answer.status));
        const { changed, over } = show(answer.data);
        if (changed) changedAt = Date.now();
        isOver = Boolean(over);
        later(pause());
      } catch (failure) {
        if (failure.kind === "signed_out") return; // on when signed in again
        lost();
        later(SLOW);
      }
    }

    document.addEventListener("visibilitychange", () => { if (!document.hidden) later(0); });
    document.addEventListener("songda:signed-in", () => later(0));
    later(QUICK);
  }

  Songda.poll = poll;
})(window.Songda);
