// node run.js CONFIG.json: every scenario at every place, those of one place side by side, each
// with a visitor and a user of its own.
'use strict';
const { readFileSync } = require('fs');
const { launch, say } = require('./harness');
const site = require('./site');
const app = require('./app');
const hostile = require('./hostile');

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const scenarios = {
  'a form': site.life,
  'stay logged in': site.remember,
  links: site.link,
  images: site.images,
  'stale cookies': site.stale,
  application: app.life,
  attacks: hostile.attacks,
  controls: hostile.controls,
};

async function play(browser, place, name) {
  const began = Date.now();
  try {
    await scenarios[name](browser, place, (what) => `${place.name}: ${name}: ${what}`);
    say('ok', `${place.name}: ${name} came to its end`);
  } catch (error) {
    say('not', `${place.name}: ${name} came to its end`);
    say('#', error.stack);
  }
  say('#', `${name}: ${Date.now() - began} ms`);
}

async function main() {
  const browser = await launch(config);
  say('#', `Chromium ${browser.version()}`);
  for (const place of config.places) {
    place.greeting = (user) => new RegExp(config.php ? `Hello, ${user}!.*Cookies that PHP sees: [a-z, ]+\\.` : 'This page is for members');
    await Promise.all(Object.keys(scenarios).map((name) => play(browser, place, name)));
  }
  await browser.close();
  say('end', '');
}

main().catch((error) => {
  say('not', 'the browser works');
  say('#', error.stack);
  process.exit(1);
});
