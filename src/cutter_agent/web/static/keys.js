// Keys for people who review all day, and words that survive a server that is away. Every page works without this file.
'use strict';

const TYPES = new Set(['INPUT', 'TEXTAREA', 'SELECT']);
const OFF = 'iu-keys-off';
const dialog = document.getElementById('keys');
const deciding = document.querySelector('[data-deciding]');

function remembered(store, name) {
  try { return store.getItem(name); } catch { return null; }
}

function remember(store, name, value) {
  try { if (value) store.setItem(name, value); else store.removeItem(name); } catch { /* a browser without a memory */ }
}

function isTyping(element) {
  return TYPES.has(element.tagName) && !['radio', 'checkbox'].includes(element.type);
}

function stops() {
  const marked = [...document.querySelectorAll('[data-stop]')];
  return marked.length ? marked : [...document.querySelectorAll('main .list tbody tr')];
}

function current() {
  return document.activeElement.closest('[data-stop], main .list tbody tr');
}

function go(element) {
  if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({preventScroll: true});
  element.scrollIntoView({block: element.offsetHeight > innerHeight ? 'start' : 'nearest'});
}

function walk(step) {
  const all = stops();
  const at = all.indexOf(current() ?? target());
  const next = at < 0 ? all[step > 0 ? 0 : all.length - 1] : all[at + step];
  const crossed = at >= 0 && next !== undefined && all[at].matches('.case') !== next.matches('.case');
  const more = at >= 0 && all[at].matches('.case') ? 'walk' : 'page';
  const link = document.querySelector(`[data-${more}="${step > 0 ? 'next' : 'previous'}"]`);
  if ((next === undefined || crossed) && link) link.click();
  else if (next) go(next);
}

function target() {
  const id = decodeURIComponent(location.hash.slice(1));
  return id ? document.getElementById(id)?.closest('[data-stop]') ?? null : null;
}

function here(selector) {
  return (current() ?? document.querySelector('[data-stop]'))?.querySelector(selector) ?? null;
}

function accept() {
  const form = here('form.answer');
  if (!form) return;
  const assumed = form.querySelector('[data-assumed]');
  if (assumed) assumed.checked = true;
  form.requestSubmit();
}

function choose(number) {
  const radio = here('form.answer')?.querySelectorAll('input[type=radio]')[number - 1];
  if (!radio) return;
  radio.checked = true;
  const own = radio.closest('form').querySelector('[name=other]');
  (radio.value === '?' && own ? own : radio.closest('form').querySelector('button')).focus();
}

function verdict(word) {
  const radio = deciding.querySelector(`[name=verdict][value=${word}]`);
  radio.checked = true;
  radio.focus();
}

function open() {
  current()?.querySelector('th a, .address a, a[data-unit], a.flag')?.click();
}

const EVERYWHERE = {
  '?': () => dialog.showModal(),
  b: () => document.querySelector('.top nav a')?.click(),
  '/': () => document.querySelector('[data-search], [type=search]')?.focus(),
  j: () => walk(1), n: () => walk(1), k: () => walk(-1), p: () => walk(-1),
  ']': () => document.querySelector('[data-page=next]')?.click(),
  '[': () => document.querySelector('[data-page=previous]')?.click(),
};
const REVIEWING = {
  a: accept, t: () => document.querySelector('[data-cut]')?.focus(), c: () => here('[name=comment]')?.focus(), u: () => here('a[data-unit], a.flag')?.click(), o: open,
};
const DECIDING = {
  a: () => verdict('approve'), f: () => verdict('defer'), r: () => verdict('reject'),
  w: () => document.getElementById('rationale').focus(),
};

function pressed(event) {
  if (event.key === 'Escape' && isTyping(event.target)) {
    const stop = event.target.closest('[data-stop]');
    if (stop) go(stop); else event.target.blur();
    return;
  }
  if (event.key === 'Enter' && event.ctrlKey && event.target.form) {
    event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target) || dialog.open) return;
  if (remembered(localStorage, OFF)) return;
  if (event.key === 'Enter' && event.target.matches('[data-stop], main .list tbody tr')) { open(); return; }
  const act = {...EVERYWHERE, ...(deciding ? DECIDING : REVIEWING)}[event.key];
  const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (act) act();
  else if (link) link.click();
  else if (/^[1-9]$/.test(event.key) && !deciding) choose(Number(event.key));
  else return;
  event.preventDefault();
}

// What was written and not yet taken stays in this tab, under the page and the manifest that it is about.
function draftName(field) {
  const form = field.form;
  const about = form.querySelector('[name=case]')?.value ?? '';
  return `iu-draft ${location.pathname} ${form.querySelector('[name=seen_digest]').value} ${about} ${field.name}`;
}

function keepDrafts() {
  let restored = false;
  const taken = document.querySelector('[data-sent]') !== null;
  for (const field of document.querySelectorAll('[data-keep]')) {
    const kept = remembered(sessionStorage, draftName(field));
    if (kept && !field.value) { field.value = kept; restored = true; }
    field.addEventListener('input', () => remember(sessionStorage, draftName(field), field.value));
  }
  document.querySelector('[data-restored]').hidden = !restored || taken;
}

function forgetTaken() {
  const taken = remembered(sessionStorage, 'iu-sent');
  if (taken && document.querySelector('[data-sent]')) {
    for (const name of JSON.parse(taken)) remember(sessionStorage, name, null);
  }
  remember(sessionStorage, 'iu-sent', null);
}

async function send(event) {
  const form = event.target;
  if (form.method !== 'post' || !form.querySelector('[data-keep]')) return;
  event.preventDefault();
  const away = document.querySelector('[data-away]');
  away.hidden = true;
  try {
    await fetch('/static/icon.svg', {method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(10000)});
  } catch {
    away.hidden = false;
    return;
  }
  remember(sessionStorage, 'iu-sent', JSON.stringify([...form.querySelectorAll('[data-keep]')].map(draftName)));
  form.submit();
}

function forgetAll() {
  try { sessionStorage.clear(); } catch { /* nothing was kept */ }
}

forgetTaken();
keepDrafts();
document.addEventListener('keydown', pressed);
document.addEventListener('submit', send);
document.querySelector('form.who')?.addEventListener('submit', forgetAll);
for (const button of document.querySelectorAll('[data-keys-open]')) {
  button.hidden = false;
  button.addEventListener('click', () => dialog.showModal());
}
const switched = document.querySelector('[data-keys-on]');
switched.checked = !remembered(localStorage, OFF);
switched.addEventListener('change', () => remember(localStorage, OFF, switched.checked ? null : '1'));
const first = target();
if (first) go(first);
