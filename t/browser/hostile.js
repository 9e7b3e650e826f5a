// Pages of another site, and of a sibling of ours, that try to use a visitor's cookies.
'use strict';
const { is, like, visitor, jar, sessions, rotations, logIn, fillIn } = require('./harness');
const { enter, who } = require('./app');

const VICTIM = 'vera';
const ATTACKER = 'mallory';

// ---- what a page can send ----------------------------------------------------------------

// As a form, which takes the browser there; the status of the answer.
async function byForm(page, url, fields) {
  const [answer] = await Promise.all([
    page.waitForNavigation({ waitUntil: 'commit' }),
    page.evaluate(([action, values]) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = action;
      for (const [name, value] of Object.entries(values)) {
        const input = document.createElement('input');
        [input.type, input.name, input.value] = ['hidden', name, value];
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    }, [url, fields]),
  ]);
  return answer.status();
}

// By fetch; what the page gets to know of the answer.
const byFetch = (page, url, options) => page.evaluate(async ([to, how]) => {
  try {
    const response = await fetch(to, { credentials: 'include', ...how });
    return response.type === 'opaque' ? 'opaque' : `${response.status} ${await response.text()}`;
  } catch {
    return 'refused';
  }
}, [url, options]);

const urlencoded = (fields) => ({ method: 'POST', body: new URLSearchParams(fields).toString(),
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });

// ---- what is tried -----------------------------------------------------------------------

// Name, URL, fields; the status of a form's answer where the victim's cookies come along, since the
// page is of the same site, and where they do not, since they are SameSite=Lax.
function targets(place, refresh) {
  const login = { username: ATTACKER, password: place.password, next: '/members/' };
  return [
    ['login at the site', `${place.site}/auth/login`, login, 403, 403],
    ['logout of the site', `${place.site}/auth/logout`, {}, 403, 403],
    ['an unsafe method at the site', `${place.site}/members/echo`, { a: 'b' }, 403, 401],
    ['login at the API', `${place.api}/auth/token`, login, 403, 403],
    ['refresh at the API', `${place.api}/auth/token/refresh`, {}, 403, 401],
    ['refresh with a token of its own', `${place.api}/auth/token/refresh`, { refresh }, 400, 403],
    ['logout of the API', `${place.api}/auth/logout`, {}, 403, 403],
  ];
}

const siteOf = (url) => new URL(url).hostname.split('.').slice(-2).join('.');

// The victim's cookies and everybody's sessions.
async function state(context, place) {
  const values = (cookies) => Object.values(cookies).map(({ name, value }) => `${name}=${value}`).sort();
  return [values(await jar(context, place.site)), values(await jar(context, place.api)),
    sessions(place, VICTIM), sessions(place, ATTACKER), rotations(place, VICTIM)];
}

async function attack(page, from, [name, url, fields, near, far], told) {
  await page.goto(`${from}/`);
  const simple = urlencoded(fields);
  is(await byFetch(page, url, { ...simple, mode: 'no-cors' }), 'opaque', told(`${name} by a blind fetch`));
  is(await byFetch(page, url, simple), 'refused', told('... by a fetch that wants to read'));
  is(await byFetch(page, url, { method: 'POST', body: JSON.stringify(fields),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': 'x' } }), 'refused', told('... by a fetch of JSON'));
  is(await byForm(page, url, fields), siteOf(from) === siteOf(url) ? near : far, told(`${name} by a form`));
}

async function read(page, from, place, told) {
  await page.goto(`${from}/`);
  for (const url of [`${place.site}/members/`, `${place.api}/notes/`, `${place.api}/auth/user`]) {
    is(await byFetch(page, url, {}), 'refused', told(`${new URL(url).pathname} cannot be read`));
    is(await byFetch(page, url, { headers: { Authorization: 'Bearer x' } }), 'refused', told('... nor with a token'));
  }
}

// A sibling may set cookies for all of the domain, but none that are called __Host-.
async function toss(page, context, place, told) {
  await page.goto(`${place.sibling}/`);
  await page.evaluate(() => {
    for (const name of ['__Host-jwt', '__Host-jwt-refresh', '__Host-jwt-csrf']) {
      document.cookie = `${name}=tossed; Domain=site.test; Path=/; Secure`;
    }
    document.cookie = 'plain=tossed; Domain=site.test; Path=/; Secure';
  });
  const seen = JSON.stringify([await jar(context, place.site), await jar(context, place.api)]);
  is([/"plain","value":"tossed"/.test(seen), /__Host-[a-z-]+","value":"tossed"/.test(seen)], [true, false],
    told('a sibling cannot overwrite our cookies'));
}

async function attackersToken(browser, place) {
  const context = await visitor(browser);
  await enter(await context.newPage(), place, ATTACKER);
  const { value } = (await jar(context, place.api))['__Host-jwt-refresh'];
  await context.close();
  return value;
}

async function attacks(browser, place, told) {
  const refresh = await attackersToken(browser, place);
  const context = await visitor(browser);
  const [site, app, page] = [await context.newPage(), await context.newPage(), await context.newPage()];
  await logIn(site, place, VICTIM);
  await enter(app, place, VICTIM);
  // The access cookie was renewed for the last time: from here on nobody should change anything.
  const before = await state(context, place);

  for (const [kind, from] of [['another site', place.foreign], ['a sibling', place.sibling]]) {
    for (const target of targets(place, refresh)) {
      await attack(page, from, target, (name) => told(`${kind}: ${name}`));
      is(await state(context, place), before, told(`${kind}: ... and all is as it was`));
    }
    await read(page, from, place, (name) => told(`${kind}: ${name}`));
  }
  if (new URL(place.sibling).hostname.endsWith('.site.test')) await toss(page, context, place, told);

  is((await site.reload()).status(), 200, told('afterwards the site goes on'));
  like(await site.textContent('main'), place.greeting(VICTIM), told('... with the same user'));
  await app.reload();
  is(await who(app), VICTIM, told('... and so does the application'));
  await context.close();
}

// The same page that fails above succeeds when it is the site's own, or there is no defence.
async function controls(browser, place, told) {
  const context = await visitor(browser);
  const page = await context.newPage();
  await logIn(page, place, 'corin');
  is(await byForm(page, `${place.site}/members/echo`, { a: 'b' }), 200, told('the own site: an unsafe method'));
  await page.goto(`${place.site}/members/`);
  is(await byForm(page, `${place.site}/auth/logout`, {}), 200, told('... and logout, which leads to a page'));
  await page.goto(`${place.site}/`);
  await fillIn(page, 'corin', place.password);
  await page.click('button');
  await page.waitForURL(`${place.site}/members/`);
  await page.goto(`${place.app}/`);
  like(await byFetch(page, `${place.api}/auth/token`, urlencoded({ username: 'corin', password: place.password })),
    /^200 .*"access":"eyJ/, told('the application: login by fetch'));
  like(await byFetch(page, `${place.api}/auth/token/refresh`, urlencoded({})), /^200 .*"access":"eyJ/, told('... and refresh'));
  like(await byFetch(page, `${place.api}/notes/`, {}), /^401 .*credentials/, told('... and a refusal that it can read'));
  await context.close();
}

module.exports = { attacks, controls };
