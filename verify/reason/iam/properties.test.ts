import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../testing/runs.ts";
import { doc, role, root, session, user, word } from "./testing/ask.ts";

describe("for any policies", () => {
  const statement = (effect: string) =>
    fc.record({
      Effect: fc.constant(effect),
      Action: fc.constantFrom("s3:*", "s3:GetObject", "ec2:*"),
      Resource: fc.constantFrom("*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"),
      Condition: fc.constantFrom(
        undefined,
        { StringEquals: { k: "x" } },
        { StringNotEquals: { k: "x" } },
        { Odd: { k: "x" } },
      ),
    });
  const any = fc.oneof(statement("Allow"), statement("Allow"), statement("Deny"));
  const own = fc.array(any, { maxLength: 3 }).map((list) => [doc(...list)]);
  const principal = fc.constantFrom<unknown>("*", { AWS: role }, { AWS: root });
  const file = fc.record({
    identity: own,
    resource: fc
      .array(fc.tuple(any, principal), { maxLength: 2 })
      .map((list) => [doc(...list.map(([one, Principal]) => ({ ...one, Principal })))]),
    boundary: fc.oneof(fc.constant([]), own),
    session: fc.oneof(fc.constant([]), own),
    scp: fc.oneof(fc.constant([]), own),
  });
  const query = fc.record({
    principal: fc.constantFrom(role, session, user, root, "*", "ec2.amazonaws.com"),
    context: fc.constantFrom<object>({}, { k: "x" }, { k: "y" }, { k: null }),
  });
  const rank = { deny: 0, unknown: 1, conditional: 1, allow: 2 };
  const clean = (given: object) => JSON.parse(JSON.stringify(given));

  it("an added Deny never allows more", () => {
    fc.assert(
      fc.property(
        file,
        query,
        statement("Deny"),
        fc.constantFrom("identity", "boundary", "session", "scp", "resource"),
        principal,
        (given, asked, more, side, Principal) => {
          const before = word(clean(given), asked);
          // To a side that is there already: a boundary that was not there limits, which allows less all the same.
          const added = doc(side === "resource" ? { ...more, Principal } : more);
          const after = word(clean({ ...given, [side]: [...given[side as "identity"], added] }), asked);
          expect(rank[after]).toBeLessThanOrEqual(rank[before]);
        },
      ),
      runs(500),
    );
  });

  it("what is known of a value keeps what was decided without it", () => {
    fc.assert(
      fc.property(file, query, fc.constantFrom<object>({}, { k: "x" }, { k: "y" }), (given, asked, context) => {
        const open = word(clean(given), { ...asked, context: { k: null } });
        if (open === "allow" || open === "deny") expect(word(clean(given), { ...asked, context })).toBe(open);
      }),
      runs(500),
    );
  });
});
