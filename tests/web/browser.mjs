// The portal in a real browser: browser.mjs URL NCT CHROMIUM FOLDER. A line "ok …" or "not ok …" for
// each check; screenshots go into FOLDER. Called by tests/web/run.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [url, nct, executablePath, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pages = {
  home: "/",
  results: "/search?term=cancer&status=completed&status=recruiting",
  mistake: "/search?age=abc&near=here",
  nothing: "/search?term=qqqxyzzyqqq",
  study: "/study/" + nct,
  history: "/study/" + nct + "/history",
  difference: "/study/" + nct + "/history/1..2",
  map: "/search/map?term=cancer",
  closer: "/es/search/map?term=cancer&box=-10,36,20,58",
  near: "/search?near=Paris,%20France&within=100km",
  places: "/places",
  country: "/places?country=United%20States",
  state: "/places?country=United%20States&state=Massachusetts",
  city: "/places/united-states/massachusetts/boston",
  france: "/es/places/france",
  conditions: "/conditions",
  condition: "/condition/breast-cancer",
  sponsors: "/es/sponsors",
  missing: "/study/NCT09999999",
  about: "/about",
  match: "/match",
  "match in spanish": "/es/match",
  glossary: "/glossary",
  saved: "/saved",
  "saved list": "/saved?ids=" + nct,
  compare: "/compare?ids=" + nct + ",NCT09999999",
  "compare nothing": "/compare",
  spanish: "/es/search?term=cancer",
  "mistake in spanish": "/es/search?age=abc&near=here&start=soon",
  "study in spanish": "/es/study/" + nct,
  "condition in spanish": "/es/condition/breast-cancer",
  interventions: "/interventions",
  "behind the end": "/search?term=study&page=900",
  "no page": "/nothing",
};
const screens = {
  phone: { width: 360, height: 780 },
  wide: { width: 1366, height: 900 },
};

let failures = 0;
function check(name, problem) {
  if (problem) failures++;
  console.log(problem ? `not ok ${name}: ${String(problem).replace(/\s+/g, " ").slice(0, 600)}` : `ok ${name}`);
}

// The page's own policy forbids scripts, so the checker runs in a context that may pass over it; that
// the policy is sent is tests/web/run's affair.
async function look(browser, screen, scheme) {
  const context = await browser.newContext({
    viewport: screens[screen], colorScheme: scheme, bypassCSP: true, reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const foreign = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url());
  });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  for (const [name, path] of Object.entries(pages)) {
    const label = `${name} ${screen} ${scheme}`;
    await page.goto(url + path);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`${label}: no sideways scrolling`, wide > 0 && `${wide} px too wide`);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    const bright = (ground[0] + ground[1] + ground[2]) / 3;
    check(`${label}: ground`, (scheme === "dark") === bright > 128 && `brightness ${bright}`);
    await page.screenshot({ path: `${folder}/${name}-${screen}-${scheme}.png`, fullPage: true });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    const opened = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`${label}: no sideways scrolling when all is open`, opened > 0 && `${opened} px too wide`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    check(`${label}: axe`, found.violations.map(
      (v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].target} ${v.nodes[0].failureSummary}`).join(" | "));
  }
  check(`${screen} ${scheme}: no third party`, foreign.join(" "));
  check(`${screen} ${scheme}: no error`, errors.join(" "));
  await context.close();
}

// With nothing but the keyboard, and with scripts switched off: from home to a study.
async function walk(browser) {
  const context = await browser.newContext({ viewport: screens.wide, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url + "/");
  let steps = 0;
  while (steps++ < 12 && (await page.locator("#term:focus").count()) === 0) await page.keyboard.press("Tab");
  check("keyboard reaches the search", steps > 12 && "not within 12 steps");
  await page.keyboard.type("cancer");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?term=cancer");
  check("search by keyboard", (await page.locator("ol.hits > li").count()) === 0 && "no results");
  await page.locator("label.box", { hasText: "Completed" }).locator("input").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await page.waitForURL(/status=completed/);
  check("filter by keyboard", !(await page.locator(".chips").innerText()).includes("Completed") && "no chip");
  await page.locator("ol.hits h2 a").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/study\/NCT\d+\//);
  check("study by keyboard", (await page.locator("h1").count()) !== 1 && "no study");
  await context.close();
}

// What the scripts add, by keyboard: completion, the saved list, comparison, a copied address.
async function assist(browser) {
  const context = await browser.newContext({ viewport: screens.wide, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url + "/");
  const box = page.locator("#term");
  await box.pressSequentially("diab");
  const options = page.locator("[role=listbox]:not([hidden]) [role=option]");
  await options.first().waitFor({ timeout: 5000 });
  check("completion opens", (await box.getAttribute("aria-expanded")) !== "true" && "not said to be open");
  await page.screenshot({ path: `${folder}/completion-wide-light.png` });
  const first = await options.first().getAttribute("data-text");
  await page.keyboard.press("ArrowDown");
  const active = await box.getAttribute("aria-activedescendant");
  check("completion by arrow", !active || (await page.locator("#" + active).getAttribute("aria-selected")) !== "true" ? "no active option" : "");
  await page.keyboard.press("Enter");
  check("completion chosen", (await box.inputValue()) !== first && `${await box.inputValue()}, wanted ${first}`);
  check("completion closes", (await options.count()) > 0 && "still open");
  if (await page.locator("#term[data-places]").count()) { // a build that knows places
    await box.fill("");
    await box.pressSequentially("asthma bost");
    const boston = page.locator("[role=option][data-text='asthma Boston, Massachusetts']");
    check("a place behind words is completed", await boston.waitFor({ timeout: 5000 }).then(() => "", () => "not offered"));
    await page.screenshot({ path: `${folder}/completion-place-wide-light.png` });
  }
  await box.fill("");
  await box.pressSequentially("diab");
  await options.first().waitFor({ timeout: 5000 });
  await page.keyboard.press("Escape");
  check("escape closes", (await options.count()) > 0 && "still open");
  check("escape keeps what was typed", (await box.inputValue()) !== "diab" && "changed");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?term=diab");

  await page.goto(url + "/es/");
  await box.pressSequentially("cáncer de mam");
  const own = page.locator("[role=option][data-text='cáncer de mama']");
  check("a name in Spanish is completed", await own.waitFor({ timeout: 5000 }).then(() => "", () => "not offered"));
  check("with the name in records", (await own.locator("small[lang=en]").innerText()) !== "breast cancer" && "not said");
  await page.screenshot({ path: `${folder}/completion-spanish-wide-light.png` });

  await page.goto(url + "/search?status=completed");
  const stars = page.locator("button[data-save]");
  check("stars", (await stars.count()) < 5 && "too few");
  for (const at of [0, 1]) {
    await stars.nth(at).focus();
    await page.keyboard.press("Space");
    check(`star ${at}`, (await stars.nth(at).getAttribute("aria-pressed")) !== "true" && "not pressed");
  }
  const ids = [await stars.nth(0).getAttribute("data-save"), await stars.nth(1).getAttribute("data-save")];
  await page.reload();
  check("stars after reload", (await stars.nth(0).getAttribute("aria-pressed")) !== "true" && "forgotten");
  check("count of saved ones", !(await page.locator("[data-saved-count]").innerText()).includes("2") && "not shown");
  check("nothing is told to the server", (await context.cookies()).length > 0 && "a cookie");
  await page.getByRole("link", { name: /Saved studies/ }).first().click();
  await page.waitForURL(/\/saved\?ids=/);
  check("saved list", (await page.locator("ol.hits > li").count()) !== 2 && "not two studies");
  for (const id of ids) await page.locator(`input[name=ids][value=${id}]`).check();
  await page.screenshot({ path: `${folder}/saved-two-wide-light.png`, fullPage: true });
  await page.locator("form[action='/compare'] .tools button").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/compare\?ids=/);
  check("compared", (await page.locator("table.compare thead th a").count()) !== 2 && "not two columns");
  await page.screenshot({ path: `${folder}/compare-two-wide-light.png`, fullPage: true });
  await page.goto(url + "/saved");
  await page.waitForURL(/ids=/);
  await page.locator("button[data-forget]").click();
  await page.waitForURL(/\/saved$/);
  check("list forgotten", (await page.evaluate(() => localStorage.getItem("trialhead-saved"))) !== "[]" && "kept");

  await page.goto(url + "/study/" + nct);
  await page.locator("button[data-copied]").click();
  await page.waitForTimeout(100);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  check("copied address", copied !== page.url() && `${copied}, not ${page.url()}`);
  check("scripts run without a fault", errors.join(" | "));
  await context.close();
}

// Filters take effect at once: address, focus, number said, a way back; and what scripts dress is dressed again.
async function filter(browser) {
  const context = await browser.newContext({ viewport: screens.wide, reducedMotion: "reduce" });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url + "/search?term=cancer");
  const before = await page.locator("h1").innerText();
  const box = page.locator("label.box", { hasText: "Completed" }).locator("input");
  await box.focus();
  await page.keyboard.press("Space");
  await page.waitForURL(/status=completed/);
  const after = await page.locator("h1").innerText();
  check("filter at once", before === after && "the same number");
  check("the number is said", (await page.locator("main [role=status]").innerText()) !== after && "not said");
  check("the focus stays", (await page.evaluate(() => document.activeElement.value)) !== "completed" && "lost");
  check("a chip", !(await page.locator(".chips").innerText()).includes("Completed") && "none");
  check("save buttons again", (await page.locator("button[data-save]:not([hidden])").count()) === 0 && "hidden");
  check("completion again", (await page.locator("#in-city").getAttribute("role")) !== "combobox" && "none");
  await page.locator("aside.filters summary", { hasText: "Sponsor" }).click();
  await page.locator("#in-sex").selectOption("female");
  await page.waitForURL(/sex=female/);
  check("what was unfolded stays so", (await page.locator("aside.filters details[open] summary", { hasText: "Sponsor" }).count()) !== 1 && "folded");
  await page.locator(".to-filters, .sorts a").first().waitFor();
  await page.goBack();
  await page.waitForFunction((wanted) => document.querySelector("h1").innerText === wanted, after);
  check("back", new URL(page.url()).search !== "?term=cancer&status=completed" && page.url());
  await page.goBack();
  await page.waitForFunction((wanted) => document.querySelector("h1").innerText === wanted, before);
  check("back to the first", new URL(page.url()).search !== "?term=cancer" && page.url());
  await page.reload();
  check("reloaded", (await page.locator("h1").innerText()) !== before && "another number");
  check("filters without a fault", errors.join(" | "));
  await context.close();
}

// On a phone a map is as wide as the screen, with circles that a finger can hit.
async function maps(browser) {
  for (const width of [320, 390, 1280]) {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(url + "/search/map?term=cancer");
    if (await page.locator(".map-frame").count()) {
      const seen = await page.evaluate(() => {
        const frame = document.querySelector(".map-frame");
        const circles = [...frame.querySelectorAll("circle")].map((one) => one.getBoundingClientRect().width).filter((one) => one > 0);
        return { over: frame.scrollWidth - frame.clientWidth, least: Math.min(...circles),
          drawn: [...frame.querySelectorAll("svg")].filter((one) => one.getBoundingClientRect().width > 0).length };
      });
      check(`map ${width}: no sideways scrolling`, seen.over > 0 && `${seen.over} px`);
      check(`map ${width}: drawn once`, seen.drawn !== 1 && seen.drawn);
      check(`map ${width}: circles for fingers`, seen.least < 20 && `${seen.least} px`);
      await page.screenshot({ path: `${folder}/map-${width}.png` });
      await page.locator(".map-frame svg:visible a").first().focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/box=|\/search\?/);
    }
    await context.close();
  }
}

// A study's sites nearest to a place, without a script; and what paper gets.
async function nearest(browser) {
  const context = await browser.newContext({ viewport: screens.phone, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url + "/search?near=Boston&within=3000mi&sort=enrollment");
  const link = page.locator("ol.hits h2 a").first();
  if (await link.count()) {
    await link.click();
    check("the place goes along", !page.url().includes("near=Boston") && page.url());
    check("nearest sites", (await page.locator(".nearest > li .far").count()) === 0 && "none");
  }
  await page.emulateMedia({ media: "print" });
  check("print without the site's head", (await page.locator("header.site").isVisible()) && "visible");
  check("print with the facts", !(await page.locator(".facts dl").isVisible()) && "hidden");
  await page.screenshot({ path: `${folder}/study-print.png` });
  await context.close();
}

// A patient's studies without a script: a note in, lights and questions out, an answer sent along; print.
async function patient(browser) {
  const context = await browser.newContext({ viewport: screens.phone, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url + "/match");
  await page.locator("#record").fill("A 58-year-old woman with type 2 diabetes and asthma on metformin.");
  await page.locator("#open").uncheck();
  await page.getByRole("button", { name: "Find studies" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("ol.hits > li").first().waitFor();
  check("match finds studies", (await page.locator("ol.hits > li").count()) < 3 && "too few");
  check("match keeps the note", !(await page.locator("#record").inputValue()).includes("metformin") && "lost");
  await page.screenshot({ path: `${folder}/match-results-phone-light.png`, fullPage: true });
  const ask = page.locator(".asks select, .asks input").first();
  const name = await ask.getAttribute("name");
  if (name.startsWith("q.")) await ask.selectOption({ index: 1 });
  else await ask.fill("1");
  await page.locator(".match-asks button").click();
  await page.locator("ol.hits > li").first().waitFor();
  check("match keeps the answer", (await page.locator(`[name="${name}"]`).count()) !== 1 && "lost");
  check("match has no address to tell", new URL(page.url()).search && page.url());
  await page.emulateMedia({ media: "print" });
  check("match prints without the form", (await page.locator(".match-form").isVisible()) && "visible");
  await context.close();
  const seen = await browser.newContext({ viewport: screens.phone, bypassCSP: true });
  const results = await seen.newPage();
  await results.goto(url + "/match");
  await results.locator("#conditions").fill("type 2 diabetes");
  await results.locator("#age").fill("58");
  await results.locator("#open").uncheck();
  await results.getByRole("button", { name: "Find studies" }).click();
  await results.locator("ol.hits > li").first().waitFor();
  await results.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  const wide = await results.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check("match results: no sideways scrolling", wide > 0 && `${wide} px too wide`);
  await results.evaluate(axe);
  const found = await results.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  check("match results: axe", found.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].target} ${v.nodes[0].failureSummary}`).join(" | "));
  await seen.close();
}

// Text twice as large still fits a narrow window (WCAG 1.4.4, 1.4.10).
async function enlarge(browser) {
  const context = await browser.newContext({ viewport: { width: 640, height: 900 }, deviceScaleFactor: 1, bypassCSP: true });
  const page = await context.newPage();
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(url + path);
    await page.addStyleTag({ content: "html { font-size: 200% }" });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    check(`${name}: text of double size`, wide > 0 && `${wide} px too wide`);
  }
  await context.close();
}

const browser = await chromium.launch({
  executablePath, headless: true,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  await look(browser, "phone", "light");
  await look(browser, "phone", "dark");
  await look(browser, "wide", "light");
  await look(browser, "wide", "dark");
  await walk(browser);
  await assist(browser);
  await filter(browser);
  await maps(browser);
  await nearest(browser);
  await patient(browser);
  await enlarge(browser);
} finally {
  await browser.close();
}
process.exit(failures ? 1 : 0);
