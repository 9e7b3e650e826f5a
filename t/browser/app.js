// The application of one page, which calls another origin.
'use strict';
const { is, ok, like, visitor, jar, flags, visibleToScripts, claims, expiry, fillIn, running } = require('./harness');

const REFRESH = '__Host-jwt-refresh';

async function enter(page, place, user) {
  await page.goto(`${place.app}/`);
  await page.waitForSelector('#login:not([hidden])');
  await fillIn(page, user, place.password);
  await page.click('#login button');
  await page.waitForSelector('#session:not([hidden])');
}

const who = async (page) => {
  await page.waitForSelector('section:not([hidden])');
  return await page.isVisible('#session') ? page.textContent('#who') : 'nobody';
};

const notes = async (page) => {
  await page.click('#do-notes');
  await page.waitForSelector('#notes li');
  return page.locator('#notes li').count();
};

async function life(browser, place, told) {
  const user = 'anna';
  const { app, api } = place;
  const context = await visitor(browser);
  const page = await context.newPage();
  const tokens = [];
  page.on('response', async (response) => {
    if (/\/auth\/token/.test(response.url()) && response.request().method() === 'POST' && response.ok()) {
      tokens.push((await response.json()).access);
    }
  });

  await page.goto(`${app}/`);
  is(await who(page), 'nobody', told('the application asks for a login'));
  await fillIn(page, user, 'a wrong password');
  await page.click('#login button');
  await page.waitForSelector('#message:not(:empty)');
  like(await page.textContent('#message'), /name or the password is wrong/, told('... and tells of a wrong password'));
  await fillIn(page, user, place.password);
  await page.click('#login button');
  await page.waitForSelector('#session:not([hidden])');
  is(await who(page), user, told('the application knows who logged in'));
  is(await notes(page), 2, told('... and reads what a token opens, from another origin'));

  const cookies = await jar(context, api);
  is(flags(cookies[REFRESH]), `/ ${new URL(api).hostname} HttpOnly Secure Lax`, told('the refresh token is in a cookie with its flags'));
  ok(!Object.values(cookies).some((cookie) => cookie.name !== REFRESH && cookie.value.includes('eyJ')), told('... and no other token in any'));
  ok(!(await visibleToScripts(page)).includes('eyJ'), told('no token is in cookies of scripts, storage or the page'));

  await page.reload();
  is(await who(page), user, told('a reload goes on without a password'));
  const [one, two] = [page, await context.newPage()];
  await Promise.all([one.reload(), two.goto(`${app}/`)]);
  is([await who(one), await who(two)], [user, user], told('two tabs at once do'));
  await two.close();

  await expiry(tokens[tokens.length - 1]);
  const before = tokens.length;
  is(await notes(page), 2, told('after expiry the notes are read as before'));
  ok(tokens.length > before, told('... by a refresh'));
  is(claims(tokens[0]).token_type, 'access', told('(these are access tokens)'));

  is(running(place, user), 1, told('one session'));
  await page.click('#do-logout');
  await page.waitForSelector('#login:not([hidden])');
  is(running(place, user), 0, told('logout ends it'));
  ok(!(REFRESH in await jar(context, api)), told('... and clears the cookie'));
  await page.reload();
  is(await who(page), 'nobody', told('... a reload does not bring it back'));
  is(await page.evaluate(async ([url, token]) => (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).status,
    [`${api}/notes/`, tokens[tokens.length - 1]]), 401, told('... nor does an old access token; the page may read the refusal'));
  await context.close();
}

module.exports = { enter, who, life };
