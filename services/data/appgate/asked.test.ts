import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { localPath } from "../../shared/begun-sign-in.ts";
import { cookieCounts, cookieOf, setCookie } from "../../shared/cookies.ts";
import { bearerOf, credentialOf, hostOf, isPath, isVisit } from "./asked.ts";
import { settingOnlyTheirs, withoutOurs } from "./cookies.ts";
import { requestHeaders, responseHeaders } from "./passed.ts";

const domain = "apps.acme.test";
const host = `hello-demo-development.${domain}`;
const issuer = "https://region.test";
const apiKey = Buffer.from("region.test:acme.k.1:secret-secret-secret:acme").toString("base64");
const tokenBy = (who: string) =>
  new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setIssuer(who).sign(new Uint8Array(32));

describe("the host", () => {
  it.each([
    [["Host", host], host],
    [["host", host.toUpperCase()], host],
    [["Host", `${host}:443`], host],
    [["Host", `${host}:8443`], undefined],
    [["Host", `${host}.`], undefined],
    [["Host", domain], undefined],
    [["Host", `a.b.${domain}`], undefined],
    [["Host", `${host}.evil.test`], undefined],
    [["Host", `hello${domain}`], undefined],
    [["Host", `-x.${domain}`], undefined],
    [["Host", `x_y.${domain}`], undefined],
    [["Host", `a@${host}`], undefined],
    [["Host", host, "HOST", host], undefined],
    [["Host", ""], undefined],
    [["X-Forwarded-Host", host], undefined],
  ])("of %j is %s", (raw, expected) => {
    expect(hostOf(raw, domain)).toBe(expected);
  });

  it("stands in no request target", () => {
    expect(["/", "/x?y", "http://evil.test/", "evil.test:443", "*", "", undefined].map(isPath)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("the credential", () => {
  it("is an API key, or a token of the region; any other bearer is the app's own", async () => {
    const of = (authorization: string) => bearerOf({ authorization }, issuer);
    const [ours, theirs] = [await tokenBy(issuer), await tokenBy("https://other.test")];
    expect([of(`Bearer ${apiKey}`), of(`bearer  ${ours} `)]).toEqual([apiKey, ours]);
    for (const other of [`Bearer ${theirs}`, "Bearer sk-123", `Basic ${apiKey}`, apiKey, "Bearer", ""]) {
      expect(of(other)).toBeUndefined();
    }
  });

  it("is the bearer where there is a cookie too, and none where a cookie is there twice", () => {
    const cookie = "__Host-biplane-session=s; other=1";
    expect(credentialOf({ authorization: `Bearer ${apiKey}`, cookie }, issuer)).toEqual({
      case: "bearer",
      value: apiKey,
    });
    expect(credentialOf({ cookie }, issuer)).toEqual({ case: "session", value: "s" });
    expect(credentialOf({ cookie: `${cookie}; __Host-biplane-session=t` }, issuer)).toEqual({ case: undefined });
    expect(credentialOf({ cookie: "biplane-session=s; x__Host-biplane-session=t" }, issuer)).toEqual({
      case: undefined,
    });
  });
});

describe("a cookie", () => {
  const sibling = `https://other-demo-development.${domain}`;
  const navigation = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  it.each<[string, boolean, string, boolean, Record<string, string>]>([
    ["a page of this host", true, "POST", false, { origin: `https://${host}`, "sec-fetch-site": "same-origin" }],
    ["its WebSocket", true, "GET", true, { origin: `https://${host}`, "sec-fetch-site": "same-origin" }],
    ["somebody who types it", true, "GET", false, { "sec-fetch-site": "none", ...navigation }],
    ["a link of another site", true, "GET", false, { "sec-fetch-site": "cross-site", ...navigation }],
    ["an older browser's page", true, "GET", false, {}],
    ["an older browser's form", true, "POST", false, { origin: `https://${host}` }],
    ["another app's form", false, "POST", false, { origin: sibling, "sec-fetch-site": "same-site", ...navigation }],
    ["another app's script", false, "GET", false, { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" }],
    ["another app's fetch", false, "GET", false, { origin: sibling, "sec-fetch-site": "same-site" }],
    [
      "another app's frame",
      false,
      "GET",
      false,
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
    ],
    ["another app's WebSocket", false, "GET", true, { origin: sibling }],
    ["a WebSocket from nowhere", false, "GET", true, {}],
    ["a form from nowhere", false, "POST", false, {}],
    ["a page without an origin", false, "POST", false, { origin: "null", "sec-fetch-site": "cross-site" }],
    ["the same host without TLS", false, "POST", false, { origin: `http://${host}` }],
  ])("of what is asked by %s counts: %s", (_what, counts, method, upgrade, headers) => {
    expect(cookieCounts({ host, method, upgrade, headers })).toBe(counts);
  });

  it("of ours is of this host alone, and read by no script", () => {
    expect(setCookie("session", "v", 60)).toBe(
      "__Host-biplane-session=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60",
    );
  });

  it("of ours comes to no app, and from none", () => {
    expect(withoutOurs("a=1; __Host-biplane-session=s;__HOST-BIPLANE-x=2; b=3")).toBe("a=1; b=3");
    expect(withoutOurs("__Host-biplane-session=s")).toBeUndefined();
    expect(settingOnlyTheirs([" __host-biplane-session=s", "a=1", "__Host-own=2"])).toEqual(["a=1", "__Host-own=2"]);
    expect(cookieOf({ cookie: "__host-biplane-session=s" }, "session")).toBeUndefined();
  });
});

describe("somebody who looks", () => {
  const html = { accept: "text/html,*/*;q=0.8" };
  it.each([
    [true, "GET", html],
    [true, "GET", { ...html, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }],
    [false, "GET", { ...html, "sec-fetch-mode": "cors" }],
    [false, "GET", { ...html, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }],
    [false, "POST", html],
    [false, "GET", { accept: "*/*" }],
    [false, "GET", {}],
  ])("is sent to sign in: %s for %s %j", (visit, method, headers) => {
    expect(isVisit({ method, headers, upgrade: false })).toBe(visit);
    expect(isVisit({ method, headers, upgrade: true })).toBe(false);
  });

  it.each([
    ["/", "/"],
    ["/a/b?c=d&e", "/a/b?c=d&e"],
    ["//evil.test/", "/"],
    ["/\\evil.test/", "/"],
    ["https://evil.test/", "/"],
    ["/a\r\nset-cookie: x", "/"],
    ["/.biplane/sign-out", "/"],
    ["", "/"],
    [`/${"x".repeat(2_000)}`, "/"],
  ])("from %j comes back to %j", (path, back) => {
    expect(localPath(path, "/.biplane/")).toBe(back);
  });
});

describe("what an app is sent", () => {
  const to = { host, source: "192.0.2.1", issuer, subject: "ann@acme.test", kind: "user" };
  it("says who asks as the region knows them, whatever the request says", () => {
    const spoofed = {
      ...{ "x-biplane-user": "root", "x-biplane-user-kind": "god", x_biplane_user: "root", "x-biplane_user": "root" },
      ...{ "x-forwarded-user": "root", "x-forwarded-email": "r@x", "x-forwarded-for": "9.9.9.9", forwarded: "for=9" },
      ...{ "x-auth-request-user": "root", "remote-user": "root", remote_user: "root", "x-remote-user": "root" },
      ...{ "x-forwarded-host": "evil.test", "x-original-url": "/admin", "cf-access-authenticated-user-email": "r@x" },
      ...{ "knative-serving-revision": "other", "k-original-host": "evil.test", "k-network-probe": "queue" },
      ...{ connection: "x-private", "x-private": "1", "transfer-encoding": "chunked", "keep-alive": "1" },
    };
    expect(requestHeaders({ ...spoofed, accept: "a/b" }, to)).toEqual({
      ...{ accept: "a/b", host, "transfer-encoding": "chunked" },
      ...{ "x-forwarded-host": host, "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1" },
      ...{ "x-biplane-user": "ann@acme.test", "x-biplane-user-kind": "user" },
    });
    const nobody = requestHeaders({ "x-biplane-user": "root" }, { ...to, subject: "", kind: "" });
    expect(Object.keys(nobody).filter((name) => name.startsWith("x-biplane"))).toEqual([]);
  });

  it("holds nothing by which the platform would take it for the caller", async () => {
    const cookie = "__Host-biplane-session=s; theirs=1";
    for (const value of [apiKey, await tokenBy(issuer)]) {
      const sent = requestHeaders({ authorization: `Bearer ${value}`, cookie }, to);
      expect([sent.authorization, sent.cookie]).toEqual([undefined, "theirs=1"]);
    }
    expect(requestHeaders({ authorization: "Bearer sk-1" }, to).authorization).toBe("Bearer sk-1");
  });

  it("comes back without cookies of ours, for no proxy to keep", () => {
    const back = responseHeaders({ "set-cookie": ["__Host-biplane-session=x", "a=1"], "cdn-cache-control": "public" });
    expect(back).toEqual({ "set-cookie": ["a=1"], "cdn-cache-control": "no-store" });
  });
});
