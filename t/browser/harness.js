// What the scenarios of t/browser.t share: a browser, its contexts, and how findings are told.
//
// Each finding is a line on the standard output: "ok NAME" or "not NAME", and "# TEXT" behind it.
'use strict';
const { execFileSync } = require('child_process');
const { chromium } = require('playwright-core');

const PATIENCE = 60000; // ms; the machine may be busy

// ---- findings ----------------------------------------------------------------------------

const say = (kind, text) => process.stdout.write(`${kind} ${String(text).replace(/\s+/g, ' ')}\n`);

function is(got, want, name) {
  const [a, b] = [got, want].map((value) => JSON.stringify(value));
  say(a === b ? 'ok' : 'not', name);
  if (a !== b) say('#', `got ${a}, expected ${b}`);
}

const ok = (good, name) => is(Boolean(good), true, name);

function like(text, pattern, name) {
  say(pattern.test(text) ? 'ok' : 'not', name);
  if (!pattern.test(text)) say('#', `${pattern} is not in: ${String(text).slice(0, 300)}`);
}

// ---- the browser -------------------------------------------------------------------------

// Without its sandbox, which root may not use and containers often cannot have: it only ever
// meets the pages of this test.
function launch({ chromium: executablePath }) {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP *.site.test 127.0.0.1, MAP evil.test 127.0.0.1'],
  });
}

// A person with a browser of her own.
async function visitor(browser, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  context.setDefaultNavigationTimeout(PATIENCE);
  return context;
}

// The cookies that the browser has stored for a host. Asked for a URL of http, playwright would
// keep back Secure ones, which Chromium itself sends to 127.0.0.1.
async function jar(context, origin) {
  const { hostname } = new URL(origin);
  const all = (await context.cookies()).filter(({ domain }) => domain === hostname || `.${hostname}`.endsWith(domain));
  return Object.fromEntries(all.map((cookie) => [cookie.name, cookie]));
}

const flags = (cookie) => cookie && [cookie.path, cookie.domain.replace(/^\./, '(all of) '),
  cookie.httpOnly ? 'HttpOnly' : 'scripts read it', cookie.secure ? 'Secure' : 'insecure', cookie.sameSite].join(' ');

// Everything that a script of this page can get at by itself.
const visibleToScripts = (page) => page.evaluate(() => JSON.stringify(
  [document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));

const protocol = (page) => page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);

// ---- tokens and time ---------------------------------------------------------------------

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// Until a token has expired: the second in which it does is its last.
const expiry = (token) => sleep(Math.max(0, (claims(token).exp + 1) * 1000 + 100 - Date.now()));

// ---- a visitor's ways --------------------------------------------------------------------

async function fillIn(page, user, password) {
  await page.fill('input[name=username]', user);
  await page.fill('input[name=password]', password);
}

// By the module's own page; gives the answer of the page behind it.
async function logIn(page, place, user) {
  await page.goto(`${place.site}/members/`);
  await fillIn(page, user, place.password);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url() === `${place.site}/members/` && response.status() === 200),
    page.click('button'),
  ]);
  await page.waitForURL(`${place.site}/members/`);
  return answer;
}

// ---- the database ------------------------------------------------------------------------

const sql = (place, text) => execFileSync('sqlite3',
  ['-bail', '-cmd', '.timeout 10000', place.db, text], { encoding: 'utf8' }).trim();

const userId = (user) => `(SELECT id FROM auth_jwt_user WHERE username = '${user}')`;

const sessions = (place, user) => sql(place, `SELECT * FROM auth_jwt_session WHERE user_id = ${userId(user)} ORDER BY sid`);

const rotations = (place, user) => Number(sql(place,
  `SELECT count(*) FROM rotation JOIN auth_jwt_session USING(sid) WHERE user_id = ${userId(user)}`));

const running = (place, user) => Number(sql(place,
  `SELECT count(*) FROM auth_jwt_session WHERE user_id = ${userId(user)} AND revoked_at = 0`));

// As if half of the session's idle time had gone by.
const age = (place, user) => sql(place,
  `UPDATE auth_jwt_session SET created_at = created_at - idle_seconds / 2 - 1 WHERE user_id = ${userId(user)}`);

module.exports = {
  say, is, ok, like, launch, visitor, jar, flags, visibleToScripts, protocol, claims, expiry,
  fillIn, logIn, sql, sessions, rotations, running, age, userId, PATIENCE,
};
