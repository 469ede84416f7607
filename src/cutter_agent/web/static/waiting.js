// A page that waits for somebody else: it asks how the entry stands, and is loaded anew when that has changed.
// Without this file the link beside it does the same.
'use strict';

const OFTEN_MS = 2000, SELDOM_MS = 15000, OFTEN_FOR_MS = 120000, ENOUGH_MS = 3600000, PATIENCE_MS = 10000;
const waiting = document.querySelector('[data-waiting]');
const begun = Date.now();
let timer = 0;

function show(name) {
  for (const each of ['looks', 'looked-enough']) waiting.querySelector(`[data-${each}]`).hidden = each !== name;
}

function isWriting() {
  const field = document.activeElement;
  return field !== null && field.tagName === 'INPUT' && field.type === 'search' && field.value !== field.defaultValue;
}

function anew() {
  const address = new URL(location.href);
  address.searchParams.delete('decided');
  address.searchParams.delete('cut');
  address.searchParams.set('moved', '1');
  address.hash = '';
  location.replace(address);
}

// Anything but an answer (signed out, no such entry) ends it; a server that is away is asked again.
async function look() {
  let answer = null;
  try {
    answer = await fetch(waiting.dataset.waiting, {cache: 'no-store', redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS)});
  } catch { /* away */ }
  const ended = answer !== null && !answer.ok && answer.status < 500;
  const status = answer?.ok ? (await answer.json()).status : waiting.dataset.status;
  if (status !== waiting.dataset.status && !isWriting()) anew();
  else if (ended || Date.now() - begun > ENOUGH_MS) show('looked-enough');
  else later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden ? later() : look()), Date.now() - begun < OFTEN_FOR_MS ? OFTEN_MS : SELDOM_MS);
}

if (waiting) { show('looks'); later(); }
document.querySelector('[data-moved]')?.focus();

// A law of many units takes seconds: the button says so and takes no second press; going back finds it as it was.
const cutting = document.querySelector('[data-cutting]');
function busy(is) {
  cutting.querySelector('[data-cut]').disabled = is;
  cutting.querySelector('[data-busy]').hidden = !is;
}
cutting?.addEventListener('submit', () => { clearTimeout(timer); busy(true); });
addEventListener('pageshow', (event) => { if (cutting && event.persisted) busy(false); });
