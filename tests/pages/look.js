// tests/pages/look.js FOLDER FILE.html... - looks at pages in Chromium: light
// and dark, 360 and 1280 pixels wide.  It prints what is wrong, and exits 1.
//
// No message of the console, no request, no text that is cut or lies over
// another one, a contrast of 4.5 or more for each text, marks that can be seen
// where they belong, a mark that has the focus shows its phases, and the page is
// as wide as the window, whatever that is.  FOLDER gets a picture of each.  A browser that ends is named, and a new
// one looks at the other pages.
"use strict";
const path = require("path");
const { chromium } = require(path.resolve("build/browser/node_modules",
                                          "playwright-core"));
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
              "--no-first-run", "--disable-background-networking",
              "--disable-component-update", "--disable-sync"];

// Runs in the page; returns sentences.
function judge() {
  const bad = [], texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const light = (c) => {
    const [r, g, b] = c.match(/[\d.]+/g).map(Number).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = light(getComputedStyle(document.body).backgroundColor);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    bad.push("the page is wider than the window");
  for (let node; (node = walk.nextNode());) {
    const at = node.parentElement;
    if (!node.data.trim() || !at.checkVisibility() || at.closest("style")
        || (at.closest(".tip") && !at.closest(".tip").getClientRects().length))
      continue;
    const style = getComputedStyle(at);
    const ink = light(at.closest("svg") ? style.fill : style.color);
    const ratio = (Math.max(ink, behind) + 0.05)
                  / (Math.min(ink, behind) + 0.05);
    if (ratio < 4.5)
      bad.push(`contrast ${ratio.toFixed(2)}: ${node.data}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects()) {
      const svg = at.closest("svg");
      const box = svg ? svg.getBoundingClientRect()
                      : { left: 0, right: width, top: -1e9, bottom: 1e9 };
      if (r.left < box.left - 1 || r.right > box.right + 1
          || r.top < box.top - 1 || r.bottom > box.bottom + 1)
        bad.push(`cut: ${node.data}`);
      // A line's box has air above and below its letters.
      texts.push({ text: node.data, left: r.left + 1, right: r.right - 1,
                   top: r.top + r.height * 0.25,
                   bottom: r.bottom - r.height * 0.25 });
    }
  }
  texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
    if (a.left < b.right && b.left < a.right && a.top < b.bottom
        && b.top < a.bottom)
      bad.push(`one lies over the other: ${a.text} | ${b.text}`);
  }));
  for (const use of document.querySelectorAll("g.d>use")) {
    const box = use.closest("svg").getBoundingClientRect();
    const to = use.closest("svg").viewBox.baseVal;
    const r = use.getBoundingClientRect();
    const x = box.left + use.x.baseVal.value * box.width / to.width;
    const y = box.top + use.y.baseVal.value * box.height / to.height;
    if (r.left > x || r.right < x || r.top > y || r.bottom < y
        || r.width < 4 || r.width > 14)
      bad.push(`a mark of ${r.width} pixels at ${r.left}, ${r.top}, not at `
               + `${x}, ${y}`);
  }
  return bad;
}

// Between the widths of the pictures no page may be wider than its window.
async function widths(page) {
  const bad = [];
  for (let width = 320; width <= 1280; width += 40) {
    await page.setViewportSize({ width, height: 800 });
    const is = await page.evaluate(
      () => document.documentElement.scrollWidth);
    if (is > width) bad.push(`${is} pixels in a window of ${width}`);
  }
  return bad;
}

async function look(page, picture, wide) {
  const bad = await page.evaluate(judge), marks = page.locator("g.d");
  if (await marks.count() > 0) {
    const tip = marks.last().locator(".tip");
    if (await tip.isVisible()) bad.push("phases show without the focus");
    await marks.last().focus();
    if (!await tip.isVisible()) bad.push("phases do not show on focus");
    bad.push(...await page.evaluate(judge));
  }
  await page.screenshot({ path: picture, fullPage: true });
  if (wide) bad.push(...await widths(page));
  return bad;
}

// What is wrong with one page, and that it could not be looked at is, too.
async function visit(browser, folder, file, scheme, width) {
  const bad = [], name = path.basename(file, ".html");
  try {
    const context = await browser.newContext(
      { colorScheme: scheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    page.on("crash", () => bad.push("the page's process crashed"));
    page.on("console", (m) => bad.push(`console: ${m.text()}`));
    page.on("pageerror", (e) => bad.push(`error: ${e.message}`));
    page.on("request", (r) => {
      if (!/^(file|data):/.test(r.url())) bad.push(`request: ${r.url()}`);
    });
    await page.goto(`file://${path.resolve(file)}`);
    bad.push(...await look(page, `${folder}/${name}-${scheme}-${width}.png`,
                           scheme === "light" && width > 1000));
    await context.close();
  } catch (e) {
    // The browser's log is behind it; a machine without D-Bus is no news.
    bad.push(...e.message.split("\n").filter(
      (line) => line && !/dbus|<launching>/.test(line)));
  }
  return bad.map((what) => `${name}, ${scheme}, ${width}: ${what}`);
}

function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
}

async function main(folder, files) {
  let browser = await launch();
  const bad = [];
  for (const file of files)
    for (const scheme of ["light", "dark"])
      for (const width of [360, 1280]) {
        bad.push(...await visit(browser, folder, file, scheme, width));
        if (!browser.isConnected()) browser = await launch();
      }
  await browser.close();
  for (const line of bad) console.log(line);
  console.log(`${files.length} pages, ${bad.length} faults`);
  process.exitCode = bad.length > 0 ? 1 : 0;
}

main(process.argv[2], process.argv.slice(3));
