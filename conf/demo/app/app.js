// A front end on an origin of its own: the access token in memory, the refresh token in a cookie
// that no script sees.
'use strict';

const api = document.documentElement.dataset.api;
const find = (selector) => document.querySelector(selector);

// In memory only: whatever is in localStorage can be read by any script that gets into the page.
let access = null;
let csrf = null;
let refreshing = null;

// ---- calls -------------------------------------------------------------------------------

// Only the endpoints get cookies, and with them the token that says who sends the request.
function post(path, json) {
  const headers = { 'Content-Type': 'application/json' };
  if (csrf) headers['X-CSRFToken'] = csrf;
  return fetch(api + path, { method: 'POST', headers, body: JSON.stringify(json), credentials: 'include' });
}

// A server that is busy or gone has not logged anybody out.
async function keepTokens(response) {
  if (response.status === 400 || response.status === 401) return false;
  if (!response.ok) throw new Error(`status ${response.status}`);
  ({ access, csrf_token: csrf } = await response.json());
  return true;
}

const logIn = async (fields) => keepTokens(await post('/auth/token', fields));

// Calls that find the token expired at the same time share one refresh.
function refresh() {
  refreshing ??= post('/auth/token/refresh', {}).then(keepTokens).finally(() => { refreshing = null; });
  return refreshing;
}

const withToken = (path) => fetch(api + path, { headers: { Authorization: `Bearer ${access}` }, cache: 'no-store' });

// What a token opens; NULL when the user must log in again.
async function load(path) {
  let response = access ? await withToken(path) : null;
  if (!response || response.status === 401) {
    if (!await refresh()) return null;
    response = await withToken(path);
  }
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

async function logOut() {
  const response = await post('/auth/logout', {});
  if (!response.ok) throw new Error(`status ${response.status}`);
  access = csrf = null;
}

// ---- the page ----------------------------------------------------------------------------

function turnTo(id) {
  for (const name of ['login', 'session']) find(`#${name}`).hidden = name !== id;
  find('#notes').replaceChildren();
}

async function showUser() {
  const answer = await load('/auth/user');
  if (!answer) return turnTo('login');
  // As text: what comes from elsewhere never becomes markup.
  find('#who').textContent = answer.user.username;
  turnTo('session');
}

async function showNotes() {
  const answer = await load('/notes/');
  if (!answer) return turnTo('login');
  find('#notes').replaceChildren(...answer.notes.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  }));
}

async function enter(form) {
  const fields = Object.fromEntries(new FormData(form));
  if (!await logIn({ ...fields, remember_me: 'remember_me' in fields })) {
    throw new Error('the name or the password is wrong');
  }
  form.reset();
  await showUser();
}

async function attempt(action) {
  find('#message').textContent = '';
  try {
    await action();
  } catch (error) {
    find('#message').textContent = `That did not work: ${error.message}.`;
  }
}

find('form').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => enter(event.target));
});
find('#do-notes').addEventListener('click', () => attempt(showNotes));
find('#do-logout').addEventListener('click', () => attempt(async () => { await logOut(); turnTo('login'); }));

// A reload forgets the access token; the cookie gets the next one.
attempt(showUser);
