// The page at /docs in a real browser: it shows the document, calls as a development role, and asks no other host for anything.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { chromium, type Browser } from "playwright-core";
import { startServer, type Server } from "./server.js";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const missing = !existsSync(executablePath) && !process.env["CI"] && `no browser at ${executablePath}; CHROMIUM names another`;

let server: Server;
let browser: Browser;

before(async () => {
  if (missing) return;
  server = await startServer("empty");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("an operation is tried on the page, and nothing leaves the host", { skip: missing }, async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(3 * 60 * 1000); // a whole contract to draw, on a machine that may be busy
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));

  await page.goto(`${server.url}/docs`);
  const role = page.locator("#caller select");
  await role.waitFor({ state: "visible" });
  assert.equal(await role.inputValue(), "care_manager");
  assert.ok((await role.locator("option").count()) > 10, "every role of the contract can be tried");

  await page.locator("#operations-tag-followup").click();
  const operation = page.locator("#operations-followup-listMyFollowUps");
  await operation.locator("button.opblock-summary-control").click();
  await operation.locator("button.execute").click();
  const status = operation.locator(".live-responses-table .response-col_status").last();
  await status.waitFor();
  assert.match(await status.innerText(), /^200/);

  // A role that may not call is refused: the page really calls as the one chosen.
  await Promise.all([page.waitForResponse((response) => response.url().includes("/docs/token")), role.selectOption("operator")]);
  await operation.locator("button.execute").click();
  await operation.locator(".live-responses-table .response-col_status", { hasText: "403" }).waitFor();

  for (const url of asked) {
    assert.ok(url.startsWith(`${server.url}/`) || url.startsWith("data:"), `the page asked for ${url}`);
  }
  const policy = complaints.filter((text) => !text.includes("403"));
  assert.deepEqual(policy, [], "no error, and nothing that the page's own policy had to stop");
});

test("no page of another origin gets a token", { skip: missing }, async () => {
  const direct = await fetch(`${server.url}/docs/token?role=gp`);
  assert.equal(direct.status, 403, "a caller that is no page of this server");
  const page = await browser.newPage();
  await page.goto("data:text/html,<title>elsewhere</title>");
  const got = await page.evaluate(async (url) => {
    try {
      return await (await fetch(url)).text();
    } catch {
      return "nothing";
    }
  }, `${server.url}/docs/token?role=gp`);
  assert.equal(got, "nothing");
});
