import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { renderHtml } from "./html.ts";
import { filterScript } from "./html-filter.ts";

const selection = { only: ["NS-03", "NS-04", "CLS-02", "CP-01"] };
const page = renderHtml(reportOf(recordingOf(withoutDeny, { selection })));

describe("the page", { timeout: 60_000 }, () => {
  it("asks nothing of anybody, and its policy lets it run its own script alone", () => {
    expect(page).not.toMatch(/\b(src|href|action)\s*=|url\(|@import|fetch\(|XMLHttpRequest|\son\w+\s*=/);
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`);
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  it("has with each finding its sentence, its evidence, what was asked, the documented command and the fix", () => {
    const found = /<details class="check" data-outcome="FAIL"[\s\S]*?<\/details>/.exec(page)?.[0] ?? "";
    for (const part of [
      "NS-04",
      "Each project namespace has network policies",
      "Namespace/demo-development",
      "0 policies, none denies both ways",
      "read networkPolicies",
      "Add a NetworkPolicy",
    ]) {
      expect(found).toContain(part);
    }
    expect(found).toContain(" open>");
  });

  it("is for light, dark and paper", () => {
    expect(page).toMatch(/prefers-color-scheme: dark[\s\S]*@media print/);
    expect(page).toContain("color-scheme: light dark");
  });

  it("shows what others wrote as text, never as markup", () => {
    const evil = recordingOf(
      (facts) => {
        facts.roleBindings.push({
          metadata: { name: "<img src=x>", namespace: "demo-development" },
          roleRef: { apiGroup: "", kind: "Role", name: "r" },
          subjects: [{ kind: "Group", name: '"><script>alert(1)</script>' }],
        });
      },
      { selection },
    );
    const shown = renderHtml(reportOf(evil));
    expect(shown).not.toMatch(/<img|<script>alert/);
    expect(shown).toContain("&lt;img src=x&gt;");
  });
});

describe("the filter", () => {
  /** As much of a document as the script touches, of the page's own checks. */
  function open() {
    const checks = [
      ...page.matchAll(
        /<details class="check" data-outcome="(\w+)" data-plane="(\w+)" data-claims="([^"]*)"[\s\S]*?<\/details>/g,
      ),
    ].map(([textContent, outcome, plane, claims]) => ({
      textContent,
      hidden: false,
      open: false,
      dataset: { outcome, plane, claims },
    }));
    const listeners: Record<string, () => void> = {};
    const boxes = [...page.matchAll(/name="outcome" value="(\w+)" checked/g)].map(([, value]) => ({
      value,
      checked: true,
    }));
    const listen = (name: string, call: () => void) => {
      listeners[name] = call;
    };
    const form = {
      ...{ text: { value: "" }, plane: { value: "" }, claim: { value: "" } },
      ...{ addEventListener: listen, querySelectorAll: () => boxes },
    };
    const shown = { textContent: "" };
    const document = {
      querySelectorAll: () => checks,
      querySelector: (what: string) => (what === "form" ? form : shown),
    };
    runInNewContext(filterScript, { document, addEventListener: listen });
    const visible = () => {
      listeners.input?.();
      return checks.filter(({ hidden }) => !hidden).map(({ textContent = "" }) => /[A-Z]+-\d\d/.exec(textContent)?.[0]);
    };
    return { form, boxes, shown, visible, listeners, checks };
  }

  it("shows all at first", () => {
    const { visible, shown } = open();
    expect(visible()).toEqual(["CLS-02", "NS-03", "NS-04", "CP-01"]);
    expect(shown.textContent).toBe("4 of 4 checks");
  });

  it("shows what is of a plane, a claim, an outcome, and has all of some words", () => {
    const { form, boxes, visible } = open();
    form.plane.value = "control";
    expect(visible()).toEqual(["CP-01"]);
    form.plane.value = "";
    form.claim.value = "ns-network-policies";
    expect(visible()).toEqual(["NS-04"]);
    form.claim.value = "";
    for (const box of boxes) box.checked = box.value === "NOT_APPLICABLE";
    expect(visible()).toEqual(["CLS-02"]);
    for (const box of boxes) box.checked = true;
    form.text.value = "Bindings  ROLE";
    expect(visible()).toEqual(["NS-03"]);
  });

  it("opens everything for print", () => {
    const { checks, listeners } = open();
    listeners.beforeprint?.();
    expect(checks.every((check) => check.open)).toBe(true);
  });
});
