// What a client does with tokens: log in, send the access token along, refresh, forget.
'use strict';

// In memory only. What is kept in localStorage can be read by any script that gets into a page.
let tokens = null;
let timer = 0;

const find = (selector) => document.querySelector(selector);

// ---- requests ----------------------------------------------------------------------------

async function send(method, path, { json, token } = {}) {
  const headers = {};
  if (json) headers['Content-Type'] = 'application/json';
  if (token) headers.Authorization = 'Bearer ' + token;
  const response = await fetch(path, {
    method, headers, body: json && JSON.stringify(json), cache: 'no-store',
  });
  const body = await response.text();
  const answer = { method, path, token, response, body, json: null };
  try { answer.json = JSON.parse(body); } catch { /* a page */ }
  show(answer);
  return answer;
}

const post = (path, json) => send('POST', path, { json });

// base64url without padding, of UTF-8
function claimsOf(token) {
  const text = atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
}

// ---- what is shown -----------------------------------------------------------------------

// The text of a page, without running anything in it.
function textOf(answer) {
  if (!answer.json) return new DOMParser().parseFromString(answer.body, 'text/html').body.textContent.trim();
  if (answer.json.messages) return answer.json.messages.map((m) => m.message).join(' ');
  return answer.json.detail ?? (answer.json.refresh ? 'An access token and a refresh token.' : 'A new access token.');
}

function show({ method, path, token, response, body, json }) {
  const shown = ['content-type', 'www-authenticate', 'cache-control', 'retry-after'];
  const name = (field) => field.replace(/(^|-)./g, (c) => c.toUpperCase()).replace('Www', 'WWW');
  const lines = [`${method} ${path}`];
  if (token) lines.push(`Authorization: Bearer ${token.slice(0, 24)}…`);
  lines.push('', `${response.status} ${response.statusText}`);
  for (const field of shown) {
    if (response.headers.has(field)) lines.push(`${name(field)}: ${response.headers.get(field)}`);
  }
  lines.push('', json ? JSON.stringify(json, null, 2) : body.trim());

  find('#status').textContent = `${method} ${path}: ${response.status} ${response.statusText}`;
  find('#status').className = response.ok ? 'good' : 'bad';
  find('#text').textContent = textOf({ body, json });
  find('#full').textContent = lines.join('\n');
  find('#answer').hidden = false;
}

const timeNames = { exp: 'expires', iat: 'issued', nbf: 'not before' };

function row(name, value) {
  const tr = document.createElement('tr');
  const th = document.createElement('th');
  const td = document.createElement('td');
  th.scope = 'row';
  th.textContent = name;
  td.textContent = name in timeNames
    ? `${value} (${timeNames[name]} ${new Date(value * 1000).toLocaleString()})` : String(value);
  tr.append(th, td);
  return tr;
}

// One's own clock may be wrong: only the server's decides what is expired.
function showLife({ exp, iat }) {
  const left = Math.max(0, exp - Math.floor(Date.now() / 1000));
  find('#left').max = exp - iat;
  find('#left').value = left;
  find('#left-text').textContent = left
    ? `${Math.floor(left / 60)} min ${left % 60} s until it expires`
    : 'It has expired; refresh it.';
}

function showTokens() {
  const claims = claimsOf(tokens.access);
  find('#claims').replaceChildren(...Object.entries(claims).map(([name, value]) => row(name, value)));
  find('#access').textContent = tokens.access;
  find('#refresh').textContent = tokens.refresh;
  clearInterval(timer);
  timer = setInterval(showLife, 1000, claims);
  showLife(claims);
}

function turnTo(id) {
  for (const name of ['login', 'session']) find(`#${name}`).hidden = name !== id;
  find(`#${id}-title`).focus();
}

// ---- what is done ------------------------------------------------------------------------

async function logIn(form) {
  const { username, password } = Object.fromEntries(new FormData(form));
  const { response, json } = await post('/auth/token', { username, password });
  if (!response.ok) {
    find('.error').textContent = json?.detail ?? `The server answered ${response.status}.`;
    return;
  }
  tokens = { access: json.access, refresh: json.refresh };
  form.reset();
  find('.error').textContent = '';
  find('#who').textContent = username.trim();
  showTokens();
  turnTo('session');
}

async function refresh() {
  const { response, json } = await post('/auth/token/refresh', { refresh: tokens.refresh });
  if (!response.ok) return;
  tokens = { ...tokens, ...json };
  showTokens();
}

// The tokens stay good until they expire, but nobody has them any more.
function logOut() {
  tokens = null;
  clearInterval(timer);
  find('#answer').hidden = true;
  for (const id of ['claims', 'access', 'refresh', 'full']) find(`#${id}`).replaceChildren();
  turnTo('login');
}

// One request at a time, and a server that is gone is told, too.
function on(element, event, action) {
  element.addEventListener(event, async (e) => {
    e.preventDefault();
    const button = e.submitter ?? element;
    button.disabled = true;
    try {
      await action();
    } catch (error) {
      find('#status').textContent = `No answer: ${error.message}`;
      find('#status').className = 'bad';
      find('#text').textContent = find('#full').textContent = '';
      find('#answer').hidden = false;
    }
    button.disabled = false;
  });
}

on(find('form'), 'submit', () => logIn(find('form')));
on(find('#do-refresh'), 'click', refresh);
on(find('#do-logout'), 'click', logOut);
for (const button of document.querySelectorAll('[data-get]')) {
  const { get, anonymous } = button.dataset;
  on(button, 'click', () => send('GET', get, { token: anonymous === undefined ? tokens.access : undefined }));
}
for (const button of document.querySelectorAll('[data-user]')) {
  on(button, 'click', () => {
    find('#username').value = button.dataset.user;
    find('#password').value = button.dataset.password;
    find('form button').focus();
  });
}
