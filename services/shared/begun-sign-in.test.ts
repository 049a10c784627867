import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { begunSignIns } from "./begun-sign-in.ts";

const begun = begunSignIns("console-sign-in-", "/console/");
const pairOf = (cookie = "") => cookie.split(";", 1)[0] ?? "";

describe("a sign-in that a browser began", () => {
  const back = (state: string, cookie: string, more = "") =>
    begun.returned({ method: "GET", url: `/console/signed-in?code=c-1&state=${state}${more}`, headers: { cookie } });

  it("is finished with its own verifier, and leads to where the browser wanted to go", () => {
    const { state, challenge, cookies } = begun.begin({}, "/v2/domain/a/project/b?after=x");
    const [cookie = ""] = cookies;
    expect(cookie).toMatch(
      /^__Host-biplane-console-sign-in-[0-9a-f]{16}=\S+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
    );
    const returned = back(state, `other=1; ${pairOf(cookie)}`);
    expect(returned).toMatchObject({ code: "c-1", wanted: "/v2/domain/a/project/b?after=x" });
    expect(
      createHash("sha256")
        .update(returned?.verifier ?? "")
        .digest("base64url"),
    ).toBe(challenge);
    expect(returned?.over).toMatch(new RegExp(`^${pairOf(cookie).split("=", 1)[0]}=; .*Max-Age=0$`));
  });

  it("is nobody else's", () => {
    const [one, other] = [begun.begin({}, "/"), begun.begin({}, "/")];
    const cookie = pairOf(one.cookies[0]);
    expect(back(one.state, "")).toBeUndefined();
    expect(back(other.state, cookie)).toBeUndefined();
    expect(back(`${one.state}x`, cookie)).toBeUndefined();
    expect(back("", cookie)).toBeUndefined();
    expect(back(one.state, `${cookie}; ${cookie}`)).toBeUndefined();
    expect(back(one.state, cookie, "&code=c-2")).toBeUndefined();
    expect(back(one.state, cookie, `&state=${one.state}`)).toBeUndefined();
    expect(
      begun.returned({ method: "POST", url: `/x?code=c&state=${one.state}`, headers: { cookie } }),
    ).toBeUndefined();
  });

  it("leads to no other site, even by a cookie that somebody changed", () => {
    const { state, cookies } = begun.begin({}, "//evil.test/");
    const [name, value = ""] = pairOf(cookies[0]).split("=");
    expect(back(state, `${name}=${value}`)?.wanted).toBe("/");
    expect(begun.begin({}, `/${"x".repeat(50_000)}`).cookies.join().length).toBeLessThan(300);
    const [verifier] = value.split(".");
    for (const path of ["//evil.test", "https://evil.test/", "/\\evil.test", "/a\r\nb: c", "/console/sign-out"]) {
      const changed = `${name}=${verifier}.${Buffer.from(path).toString("base64url")}`;
      expect(back(state, changed)?.wanted).toBe("/");
    }
  });

  it("takes the place of older ones that were never finished", () => {
    const pairs = Array.from({ length: 5 }, () => pairOf(begun.begin({}, "/").cookies[0]));
    expect(begun.begin({ cookie: pairs.slice(1).join("; ") }, "/").cookies).toHaveLength(1);
    expect(begun.begin({ cookie: `${pairs.join("; ")}; __Host-biplane-other=1` }, "/").cookies).toHaveLength(6);
  });
});
