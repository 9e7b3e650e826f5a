// The site with a form: what a person without JavaScript meets, and what the browser stores.
'use strict';
const { is, ok, like, visitor, jar, flags, visibleToScripts, protocol, expiry, fillIn, logIn,
  sql, rotations, running, age, userId, claims } = require('./harness');

const COOKIES = { access: '__Host-jwt', refresh: '__Host-jwt-refresh', csrf: '__Host-jwt-csrf' };

function hasFlags(cookies, host, name) {
  const safe = `/ ${host} HttpOnly Secure Lax`;
  is(Object.values(COOKIES).map((each) => flags(cookies[each])), [safe, safe, safe.replace('HttpOnly', 'scripts read it')], name);
}

// Log in, reload, expiry, a form typed for long, half of the idle time, logout.
async function life(browser, place, told) {
  const user = 'lena';
  const { site } = place;
  const context = await visitor(browser, { javaScriptEnabled: false });
  const page = await context.newPage();

  await page.goto(`${site}/members/`);
  is(page.url(), `${site}/auth/login?next=%2fmembers%2f`, told('a protected page leads to the login'));
  await fillIn(page, user, 'a wrong password');
  await page.click('button');
  await page.waitForSelector('.error');
  like(await page.textContent('.error'), /name or the password is wrong/, told('... which tells of a wrong password'));
  is(await jar(context, site), {}, told('... and sets no cookie'));

  await fillIn(page, user, place.password);
  await page.click('button');
  await page.waitForURL(`${site}/members/`);
  like(await page.textContent('main'), place.greeting(user), told('... and leads to the page'));
  const first = await jar(context, site);
  is(Object.keys(first).filter((name) => name.startsWith('__Host')).sort(), Object.values(COOKIES).sort(), told('three cookies'));
  hasFlags(first, new URL(site).hostname, told('... with their flags'));
  is(Object.values(COOKIES).map((name) => first[name].expires), [-1, -1, -1], told('... until the browser ends'));
  is((await page.reload()).status(), 200, told('a reload'));

  await expiry(first[COOKIES.access].value);
  is((await page.reload()).status(), 200, told('a reload after expiry'));
  is(page.url(), `${site}/members/`, told('... shows the page'));
  const second = await jar(context, site);
  ok(claims(second[COOKIES.access].value).exp > claims(first[COOKIES.access].value).exp, told('... with a new access token'));
  is(second[COOKIES.refresh].value, first[COOKIES.refresh].value, told('... and the refresh token as it was'));
  is(rotations(place, user), 0, told('... nothing was rotated'));
  hasFlags(second, new URL(site).hostname, told('... the flags are the same'));

  await page.goto(`${site}/members/form.html`);
  await expiry((await jar(context, site))[COOKIES.access].value);
  const [sent] = await Promise.all([page.waitForNavigation(), page.click('button')]);
  is(sent.status(), 200, told('a form that was sent after expiry'));
  const seen = await sent.text();
  like(seen, /^REMOTE_USER=lena$/m, told('... reaches the application, which knows who it is'));
  like(seen, /^REQUEST_METHOD=POST$/m, told('... as it was sent'));
  ok(!seen.includes('eyJ') && !seen.includes('__Host'), told('... and sees none of our cookies'));

  age(place, user);
  await expiry((await jar(context, site))[COOKIES.access].value);
  is((await page.goto(`${site}/members/`)).status(), 200, told('half of the idle time is over: a page'));
  is(rotations(place, user), 1, told('... rotates once'));
  ok((await jar(context, site))[COOKIES.refresh].value !== first[COOKIES.refresh].value, told('... and the browser has the new refresh token'));
  is((await page.reload()).status(), 200, told('... with which it goes on'));

  is(running(place, user), 1, told('one session'));
  await page.click('button');
  await page.waitForURL(`${site}/`);
  is(Object.keys(await jar(context, site)).filter((name) => name.startsWith('__Host')), [], told('logout clears the cookies'));
  is(running(place, user), 0, told('... ends the session'));
  await page.goto(`${site}/members/`);
  is(new URL(page.url()).pathname, '/auth/login', told('... and the pages are closed again'));
  await context.close();
}

// "Stay logged in" by the site's own form; what scripts can see; a browser that was closed.
async function remember(browser, place, told) {
  const { site } = place;
  const context = await visitor(browser);
  const page = await context.newPage();
  await page.goto(`${site}/`);
  is(await protocol(page), place.protocol, told(`spoken is ${place.protocol}`));
  await fillIn(page, 'remy', place.password);
  await page.check('input[name=remember_me]');
  await page.click('button');
  await page.waitForURL(`${site}/members/`);

  const visible = await visibleToScripts(page);
  ok(!visible.includes('eyJ'), told('no script sees a token'));
  like(visible, /^\["__Host-jwt-csrf=[0-9a-f]+",\{\},\{\},/, told('... but that against CSRF'));

  const cookies = await jar(context, site);
  const days = Object.values(COOKIES).map((name) => Math.round((cookies[name].expires - Date.now() / 1000) / 86400));
  is(days, [14, 14, 14], told('remembered for two weeks'));
  await expiry(cookies[COOKIES.access].value);

  // What a browser still has when it was closed and opened again.
  const kept = (await context.cookies()).filter((cookie) => cookie.expires > 0);
  await context.close();
  const again = await visitor(browser);
  await again.addCookies(kept);
  const next = await again.newPage();
  is((await next.goto(`${site}/members/`)).status(), 200, told('the browser was closed: a page'));
  like(await next.textContent('main'), place.greeting('remy'), told('... without a login'));
  await again.close();
}

// A link from elsewhere is followed with the cookies, while the access token is good and after.
async function link(browser, place, told) {
  const context = await visitor(browser);
  const page = await context.newPage();
  await logIn(page, place, 'linus');
  for (const [name, from] of [['another site', place.foreign], ['a sibling', place.sibling]]) {
    for (const when of ['', ', after expiry']) {
      if (when) await expiry((await jar(context, place.site))[COOKIES.access].value);
      await page.goto(`${from}/`);
      const [answer] = await Promise.all([
        page.waitForNavigation(),
        page.evaluate((url) => {
          const a = document.createElement('a');
          a.href = url;
          document.body.append(a);
          a.click();
        }, `${place.site}/members/`),
      ]);
      is([answer.status(), page.url()], [200, `${place.site}/members/`], told(`a link from ${name}${when}`));
    }
  }
  await context.close();
}

// A page with sixty protected images, all asked for at once with an access cookie that is over.
async function images(browser, place, told) {
  const user = 'imke';
  const { site } = place;
  const context = await visitor(browser);
  const page = await context.newPage();
  await logIn(page, place, user);
  age(place, user);
  const before = await jar(context, site);
  await expiry(before[COOKIES.access].value);

  const statuses = {};
  page.on('response', (response) => {
    if (!response.url().includes('/members/img/')) return;
    statuses[response.status()] = (statuses[response.status()] || 0) + 1;
  });
  await page.goto(`${site}/gallery.html`, { waitUntil: 'load' });
  is(statuses, { 200: 60 }, told('sixty images at expiry are all shown'));
  is(await page.evaluate(() => [...document.images].filter((image) => image.naturalWidth > 0).length), 60, told('... as images'));
  is(rotations(place, user), 1, told('... and the session was rotated once'));
  const after = await jar(context, site);
  ok(after[COOKIES.refresh].value !== before[COOKIES.refresh].value, told('... a new refresh token was sent and kept'));
  is(claims(after[COOKIES.refresh].value).jti,
    sql(place, `SELECT current_jti FROM auth_jwt_session WHERE user_id = ${userId(user)}`), told('... the one that is good'));
  await expiry(after[COOKIES.access].value);
  is((await page.goto(`${site}/members/`)).url(), `${site}/members/`, told('... and the session goes on'));
  await context.close();
}

// What lies in a jar from before locks nobody out.
async function stale(browser, place, told) {
  const user = 'stella';
  const { site } = place;
  const context = await visitor(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  const junk = (value) => context.addCookies([COOKIES.access, COOKIES.refresh].map((name) => (
    { name, value, domain: new URL(site).hostname, path: '/', httpOnly: true, secure: true, sameSite: 'Lax' })));

  for (const value of ['junk', 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.AAAA', 'a,b%00']) {
    await junk(value);
    is((await page.goto(`${site}/`)).status(), 200, told(`cookies '${value}': a public page`));
    is((await page.goto(`${site}/auth/login`)).status(), 200, told('... the login'));
    await logIn(page, place, user);
    like(await page.textContent('main'), place.greeting(user), told('... a new login'));
    await junk(value);
    await page.goto(`${site}/leave.html`);
    await page.click('button');
    await page.waitForURL(`${site}/`);
    is(Object.keys(await jar(context, site)).filter((name) => name.startsWith('__Host')), [], told('... and logout, which clears them'));
  }

  await logIn(page, place, user);
  sql(place, `UPDATE auth_jwt_session SET revoked_at = 1 WHERE user_id = ${userId(user)}`);
  is((await page.goto(`${site}/`)).status(), 200, told('a session that was ended: a public page'));
  await page.goto(`${site}/members/`);
  is(new URL(page.url()).pathname, '/auth/login', told('... a protected one leads to the login'));
  is(Object.keys(await jar(context, site)).includes('__Host-jwt'), false, told('... and the cookie that was tried is gone'));
  await page.goto(`${site}/members/`);
  is(Object.keys(await jar(context, site)).filter((name) => name.startsWith('__Host')), [], told('... and the others once they were tried'));
  await logIn(page, place, user);
  like(await page.textContent('main'), place.greeting(user), told('... and a new login works'));
  await context.close();
}

module.exports = { life, remember, link, images, stale };
