// tests/pages/look.js FOLDER FILE.html... - looks at pages in Chromium: light
// and dark, 360 and 1280 pixels wide.  It prints what is wrong, and exits 1.
//
// No message of the console, no request, no text that is cut or lies over
// another one, a contrast of 4.5 or more for each text, and a mark that has the
// focus shows its phases.  FOLDER gets a picture of each.
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
  return bad;
}

async function look(browser, folder, file, scheme, width) {
  const context = await browser.newContext(
    { colorScheme: scheme, viewport: { width, height: 800 } });
  const page = await context.newPage();
  const bad = [], name = path.basename(file, ".html");
  page.on("console", (m) => bad.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => bad.push(`error: ${e.message}`));
  page.on("request", (r) => {
    if (!/^(file|data):/.test(r.url())) bad.push(`request: ${r.url()}`);
  });
  await page.goto(`file://${path.resolve(file)}`);
  bad.push(...await page.evaluate(judge));
  const marks = page.locator("g.d");
  if (await marks.count() > 0) {
    const tip = marks.last().locator(".tip");
    if (await tip.isVisible()) bad.push("phases show without the focus");
    await marks.last().focus();
    if (!await tip.isVisible()) bad.push("phases do not show on focus");
    bad.push(...await page.evaluate(judge));
  }
  await page.screenshot({ path: `${folder}/${name}-${scheme}-${width}.png`,
                          fullPage: true });
  await context.close();
  return bad.map((what) => `${name}, ${scheme}, ${width}: ${what}`);
}

async function main(folder, files) {
  const browser = await chromium.launch(
    { executablePath: "/usr/bin/chromium", args: ARGS });
  const bad = [];
  for (const file of files)
    for (const scheme of ["light", "dark"])
      for (const width of [360, 1280])
        bad.push(...await look(browser, folder, file, scheme, width));
  await browser.close();
  for (const line of bad) console.log(line);
  console.log(`${files.length} pages, ${bad.length} faults`);
  process.exit(bad.length > 0 ? 1 : 0);
}

main(process.argv[2], process.argv.slice(3));
