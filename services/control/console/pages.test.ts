import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { ProjectSchema } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { ActionDetailsSchema, ActionSchema, RunSchema } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { html } from "../../shared/html.ts";
import { framed, messagePage, pageHeaders } from "./html.ts";
import { projectsPage, runPage, runsPage } from "./pages.ts";
import { durationText } from "./words.ts";

const place = { project: "demo", domain: "development" };
const nasty = `"><script>alert('&')</script>`;
const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
const startTime = timestampFromDate(new Date("2026-01-01T00:00:00Z"));
const now = new Date("2026-01-01T00:01:30Z").getTime();

const action = (name: string, phase: ActionPhase, task = "env.hello") =>
  create(ActionSchema, {
    id: { name, run: { name: "hello", ...place } },
    status: { phase, startTime, attempts: 2 },
    metadata: { spec: { case: "task", value: { id: { name: task } } } },
  });
const details = (name: string, message: string) =>
  create(ActionDetailsSchema, {
    ...{ id: { name }, status: { phase: ActionPhase.FAILED, startTime } },
    result: { case: "errorInfo", value: { code: "ValueError", message } },
  });
const failed = (message: string) => {
  const root = details("a0", message);
  const rows = [action("a0", ActionPhase.FAILED)];
  return framed(runPage({ ...place, run: "hello" }, { root, rows, next: "", ended: [root] }, now));
};

describe("what is put into a page", () => {
  it("is text, in elements and in attributes, unless it is a page's own", () => {
    expect(html`<a href="${nasty}">${nasty}</a>${html`<b>${1}</b>`}${[html`<i>`, html`</i>`]}`.text).toBe(
      `<a href="${escaped}">${escaped}</a><b>1</b><i></i>`,
    );
  });

  it("is nowhere else than the platform would put it, whoever chose the words", () => {
    const project = create(ProjectSchema, { id: nasty, domains: [{ id: nasty, name: nasty }] });
    const run = create(RunSchema, { action: action(nasty, ActionPhase.RUNNING, nasty) });
    const strange = { project: nasty, domain: nasty, run: nasty };
    const shown = { root: details(nasty, nasty), rows: [action(nasty, ActionPhase.FAILED, nasty)], next: nasty };
    const pages = [
      projectsPage({ rows: [project], next: nasty }),
      runsPage(strange, { rows: [run], next: nasty }, now),
      runPage(strange, { ...shown, ended: [shown.root] }, now),
      messagePage(nasty, nasty, { subject: nasty, org: nasty }),
    ];
    for (const page of pages) {
      const text = framed(page);
      expect(text).toContain(escaped);
      expect(text).not.toContain("<script");
      expect(text).not.toContain(`"${nasty}`);
    }
  });

  it("of a task's own words is bounded, and hides nothing", () => {
    expect(failed(nasty)).toContain(`<pre>ValueError: ${escaped}</pre>`);
    const long = failed("x".repeat(1_000_000));
    expect(long).toContain("x … and 996012 characters more");
    expect(long.length).toBeLessThan(10_000);
    expect(failed("a\u001b[2Jb\u202ec\r\nd")).toContain("a\ufffd[2Jb\ufffdc\r\nd");
    expect(failed(`${"x".repeat(3987)}😀😀`).isWellFormed()).toBe(true);
  });
});

describe("a page", () => {
  it("loads nothing, runs nothing and is framed by nobody", () => {
    const text = framed(messagePage("Title", "Text"));
    expect(pageHeaders["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(pageHeaders).toMatchObject({
      ...{ "cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "same-origin" },
    });
    expect(text).not.toMatch(/<(script|link|img|iframe)|\son\w+=|\sstyle=|https?:/);
    expect(text).toContain("color-scheme: light dark");
  });

  it("of projects leads to each domain's runs", () => {
    const project = create(ProjectSchema, { id: "demo", domains: [{ id: "development", name: "development" }] });
    const text = framed(projectsPage({ rows: [project], next: "" }));
    expect(text).toContain('<th scope="row">demo</th>');
    expect(text).toContain('<a href="/v2/domain/development/project/demo">development</a>');
    expect(text).not.toContain("More");
  });

  it("of runs says what each is and how it stands, and where the next are", () => {
    const run = create(RunSchema, { action: action("a0", ActionPhase.RUNNING) });
    const text = framed(runsPage(place, { rows: [run], next: "a b&c" }, now));
    expect(text).toContain('<a href="/v2/domain/development/project/demo/runs/hello">hello</a>');
    expect(text).toContain("<td>env.hello</td><td>running</td>");
    expect(text).toContain('<time datetime="2026-01-01T00:00:00.000Z">2026-01-01 00:00:00 UTC</time>');
    expect(text).toContain("<td>1 min 30 s</td>");
    expect(text).toContain('href="/v2/domain/development/project/demo?after=a%20b%26c" rel="next"');
    expect(framed(runsPage(place, { rows: [], next: "" }, now))).toContain("nothing that you may see");
  });

  it("of a run says how each action stands, why it failed, and of how many it does not say", () => {
    const root = details("a0", "no");
    const rows = [
      action("a0", ActionPhase.FAILED),
      action("b1", ActionPhase.SUCCEEDED),
      action("c2", ActionPhase.FAILED),
      action("c3", ActionPhase.TIMED_OUT),
    ];
    const text = framed(runPage({ ...place, run: "hello" }, { root, rows, next: "", ended: [root] }, now));
    expect(text).toContain('<th scope="row"><a href="#reason-a0">a0</a></th><td>env.hello</td><td>failed</td>');
    expect(text).toContain('<h3 id="reason-a0">a0</h3>\n<pre>ValueError: no</pre>');
    expect(text).toContain('<th scope="row">b1</th><td>env.hello</td><td>succeeded</td>');
    expect(text).toContain("<td>2</td>");
    expect(text).toContain("2 more did not end well");
    for (const head of ["Action", "Task", "State", "Started", "Duration", "Attempts"]) {
      expect(text).toContain(`<th scope="col">${head}</th>`);
    }
  });
});

it.each([
  [-5, "0 ms"],
  [850, "850 ms"],
  [12_400, "12 s"],
  [184_000, "3 min 4 s"],
  [7_500_000, "2 h 5 min"],
])("%i ms is %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
