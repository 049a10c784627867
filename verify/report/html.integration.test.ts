import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { paths } from "../../sandbox/paths.ts";
import { createProgress, ensureBrowser } from "../../sandbox/toolchain/index.ts";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { renderHtml } from "./html.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-html-"));
let browser: Browser;

beforeAll(async () => {
  const executablePath = await ensureBrowser(paths(), createProgress(paths()));
  // Root has no other sandbox to give it, and it opens pages of ours alone.
  browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    timeout: 120_000,
  });
}, 600_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const evil = `"><img src=https://elsewhere.test/x onerror="document.title='broken'"><script>document.title='broken'</script>`;
const selection = { only: ["NS-03", "NS-04", "CLS-02", "CP-01", "POD-01"] };
const file = join(folder, "report.html");
writeFileSync(
  file,
  renderHtml(
    reportOf(
      recordingOf(
        (facts) => {
          withoutDeny(facts);
          const [binding] = facts.roleBindings.filter(({ metadata }) => metadata?.namespace === "demo-development");
          if (binding) binding.subjects = [{ kind: "Group", name: evil }];
        },
        { selection },
      ),
    ),
  ),
);

/** The page as a browser shows it; whatever it asks for or complains of is kept. */
async function open(width = 1200): Promise<{ page: Page; asked: string[]; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  page.setDefaultTimeout(60_000);
  const [asked, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(pathToFileURL(file).href);
  return { page, asked, complaints };
}

const visible = (page: Page) =>
  page.$$eval("details.check", (checks) =>
    checks.filter((check) => check.checkVisibility()).map((check) => /[A-Z]+-\d\d/.exec(check.textContent ?? "")?.[0]),
  );
const all = ["CLS-02", "NS-03", "NS-04", "POD-01", "CP-01"];

it("asks nobody for anything, complains of nothing, and runs nothing that others wrote", async () => {
  const { page, asked, complaints } = await open();
  await page.getByText("elsewhere.test").first().waitFor();
  await page.locator("body").evaluate(() => new Promise((done) => setTimeout(done)));
  expect(asked).toEqual([pathToFileURL(file).href]);
  expect(complaints).toEqual([]);
  expect(await page.title()).toMatch(/^Biplane verify: acme/);
  expect(await page.locator("img").count()).toBe(0);
});

it("shows what the reader chose: by words, plane, claim and outcome, and all again", async () => {
  const { page } = await open();
  expect((await visible(page)).sort()).toEqual([...all].sort());
  await page.getByLabel("Search").fill("root CONTAINER");
  expect(await visible(page)).toEqual(["POD-01"]);
  await page.getByRole("button", { name: "All" }).click();
  await expect.poll(() => page.locator("#shown").textContent(), { timeout: 60_000 }).toBe("5 of 5 checks");
  await page.getByLabel("Plane").selectOption("control");
  expect(await visible(page)).toEqual(["CP-01"]);
  await page.getByLabel("Plane").selectOption("");
  await page.getByLabel("Claim").selectOption("ns-network-policies");
  expect(await visible(page)).toEqual(["NS-04"]);
  await page.getByLabel("Claim").selectOption("");
  await page.getByLabel("PASS").uncheck();
  await page.getByLabel("NOT_APPLICABLE").uncheck();
  expect((await visible(page)).sort()).toEqual(["NS-03", "NS-04"]);
  expect(await page.locator("#shown").textContent()).toBe("2 of 5 checks");
});

it("has each finding open with its fix, and opens the others by keyboard", async () => {
  const { page } = await open();
  const red = page.locator("details.check", { hasText: "NS-04" });
  expect(await red.getByText("Add a NetworkPolicy").isVisible()).toBe(true);
  const green = page.locator("details.check", { hasText: "POD-01" });
  const evidence = green.getByText("runAsNonRoot in force").first();
  expect(await evidence.isVisible()).toBe(false);
  await green.locator("summary").focus();
  await page.keyboard.press("Enter");
  await evidence.waitFor({ state: "visible" });
});

it.each(["light", "dark"] as const)(
  "can be read in %s: every word stands out from what it stands on",
  async (colorScheme) => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme });
    const colours = await coloursOf(page);
    expect(luminance(colours[0]?.paper ?? "") > 0.5).toBe(colorScheme === "light");
    expect(colours.length).toBeGreaterThan(5);
    for (const { what, ink, paper } of colours) expect(contrast(ink, paper), what).toBeGreaterThanOrEqual(4.5);
  },
);

it("is printed whole, on white, without its form, and is then as it was", async () => {
  const { page } = await open();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  expect(await page.locator("form").isVisible()).toBe(false);
  const [body] = await coloursOf(page);
  expect(body).toMatchObject({ ink: "rgb(0, 0, 0)", paper: "rgb(255, 255, 255)" });
  const openOnes = () => page.locator("details[open]").count();
  const before = await openOnes();
  const atPrint = page.evaluate<number>(
    `new Promise((seen) => addEventListener("beforeprint", () => seen(document.querySelectorAll("details:not([open])").length)))`,
  );
  const pdf = await page.pdf();
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  expect(await atPrint).toBe(0);
  await expect.poll(openOnes, { timeout: 60_000 }).toBe(before);
});

it("fits a narrow window: nothing has to be pushed aside", async () => {
  const { page } = await open(390);
  for (const part of await page.locator("details.check > summary").all()) {
    if (!(await part.locator("..").evaluate((details) => details.hasAttribute("open")))) await part.click();
  }
  const [width, whole] = await page.evaluate<[number, number]>(
    "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
  );
  expect(whole).toBeLessThanOrEqual(width);
});

interface Colours {
  what: string;
  ink: string;
  paper: string;
}

/** The body's, then those of each kind of word. */
function coloursOf(page: Page): Promise<Colours[]> {
  return page.evaluate<Colours[]>(`
    const paper = getComputedStyle(document.body).backgroundColor;
    ["body", ".PASS", ".FAIL", ".bad", ".NOT_APPLICABLE", ".quiet", "summary", "label"].flatMap((what) => {
      const found = document.querySelector(what);
      return found ? [{ what, ink: getComputedStyle(found).color, paper }] : [];
    })`);
}

/** WCAG 2: relative luminance of `rgb(r, g, b)`, and the ratio of two. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((text) => {
    const value = Number(text) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
