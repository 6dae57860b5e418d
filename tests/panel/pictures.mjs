// Renders scenes in headless Chromium, takes pictures and says what stands on the page:
//   node pictures.mjs <folder of the app> <folder of the bundle> <chromium> < scenes.json > seen.json
//
// A scene: {name, reader, component, properties, record | error, now, widths, waitFor}, and with
// afterRefresh and waitForAfter: what the record is when the reader has asked for it again.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [app, bundle, executablePath] = process.argv.slice(2).map((one) => path.resolve(one));
const { chromium } = createRequire(path.join(app, 'package.json'))('playwright-core');
const HEIGHT = 1600;
/** A loaded machine is not a failure. */
const PATIENCE = 180_000;
const scenes = JSON.parse(fs.readFileSync(0, 'utf8'));

/** Runs in the page: texts, shares of bars, contrast and what sticks out. */
function look() {
  const deep = (root) =>
    [...root.querySelectorAll('*')].flatMap((el) => [el, ...(el.shadowRoot ? deep(el.shadowRoot) : [])]);
  const all = [...new Set(deep(document.querySelector('main')))];
  const shown = all.filter((el) => el.getClientRects().length > 0);
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = (colour) =>
    channels(colour)
      .slice(0, 3)
      .map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (el) => {
    for (let at = el; at; at = at.assignedSlot ?? at.parentElement ?? at.getRootNode().host) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0.5) {
        return colour;
      }
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = (el) => {
    const [a, b] = [light(getComputedStyle(el).color), light(ground(el))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const ownText = (el) =>
    [...el.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
  const written = shown.filter((el) => ownText(el) && !el.closest('.slds-assistive-text'));
  const edge = document.documentElement.clientWidth;
  const part = (name) => shown.find((el) => el.dataset?.part === name);
  const widthOf = (name) => {
    const bar = shown.find((el) => el.classList.contains('bar'));
    const piece = bar?.querySelector(`.${name}`);
    return piece ? piece.getBoundingClientRect().width / bar.getBoundingClientRect().width : null;
  };
  return {
    text: document.querySelector('main').innerText,
    tone: shown.find((el) => el.dataset?.tone)?.dataset.tone ?? null,
    icons: shown.filter((el) => el.tagName === 'LIGHTNING-ICON').map((el) => el.iconName),
    drawn: shown.filter((el) => el.tagName === 'svg' && el.childElementCount > 0).length,
    barLabel: shown.find((el) => el.classList.contains('bar'))?.getAttribute('aria-label') ?? null,
    bar: Object.fromEntries(['used', 'added', 'over'].map((name) => [name, widthOf(name)])),
    parts: Object.fromEntries(
      ['limit', 'ageing', 'oldest', 'why', 'help', 'footer'].map((name) => [name, part(name)?.innerText ?? null])
    ),
    ages: shown
      .filter((el) => el.classList.contains('age-bar'))
      .map((el) => el.getBoundingClientRect().width / el.parentElement.getBoundingClientRect().width),
    status: all.find((el) => el.getAttribute('role') === 'status')?.textContent ?? null,
    faint: written.filter((el) => contrast(el) < 4.5).map((el) => `${ownText(el)} ${contrast(el).toFixed(2)}`),
    sticksOut: written
      .filter((el) => {
        const box = el.getBoundingClientRect();
        return box.right > edge + 0.5 || box.left < -0.5 || el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline';
      })
      .map(ownText),
    scrollsSideways: document.documentElement.scrollWidth > edge
  };
}

async function clipOf(page) {
  const box = await page.locator('main').boundingBox();
  return { x: 0, y: 0, width: page.viewportSize().width, height: Math.ceil(box.y + box.height + 12) };
}

/** A page of this reader; its words are chosen once, as in an org. */
async function openPage(browser, reader) {
  const page = await browser.newPage({ viewport: { width: 1280, height: HEIGHT } });
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript((given) => {
    globalThis.reader = given;
    document.addEventListener('DOMContentLoaded', () => {
      document.documentElement.lang = given.lang;
    });
  }, reader);
  await page.clock.setFixedTime(new Date(scenes[0].now));
  await page.goto(pathToFileURL(path.join(bundle, 'panel.html')).href);
  await page.addScriptTag({ content: `globalThis.look = ${look}` });
  return { page, complaints };
}

/** Until the words are there and every icon is drawn. */
function shown(page, words) {
  return page.waitForFunction((wanted) => {
    const { text, icons, drawn } = globalThis.look();
    return text.includes(wanted) && drawn >= icons.length;
  }, words);
}

async function show({ page, complaints }, scene) {
  complaints.length = 0;
  await page.clock.setFixedTime(new Date(scene.now));
  await page.setViewportSize({ width: scene.widths[0], height: HEIGHT });
  await page.evaluate((given) => {
    globalThis.scene = given;
    globalThis.place();
  }, scene);
  await shown(page, scene.waitFor);
  if (scene.afterRefresh) {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await shown(page, scene.waitForAfter);
  }
  const seen = {};
  for (const width of scene.widths) {
    await page.setViewportSize({ width, height: HEIGHT });
    seen[width] = await page.evaluate(() => globalThis.look());
    const picture = path.join(bundle, `${scene.name}-${width}.png`);
    await page.screenshot({ path: picture, clip: await clipOf(page) });
  }
  return { seen, complaints: [...complaints] };
}

const browser = await chromium.launch({
  executablePath,
  timeout: PATIENCE,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync'
  ]
});
const results = {};
for (const lang of new Set(scenes.map(({ reader }) => reader.lang))) {
  const own = scenes.filter(({ reader }) => reader.lang === lang);
  const opened = await openPage(browser, own[0].reader);
  for (const scene of own) {
    results[scene.name] = await show(opened, scene);
  }
}
await browser.close();
process.stdout.write(JSON.stringify(results));
