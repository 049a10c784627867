import { expect, it } from "vitest";
import { copyOf } from "./copy.ts";

it("a copy shares nothing with what it was made of, whatever a key is called", () => {
  const original = JSON.parse('{"a":[{"b":null,"c":[1,"2",true]}],"__proto__":{"d":{}}}') as { a: [{ c: unknown[] }] };
  const copy = copyOf(original);
  expect(copy).toEqual(original);
  expect(JSON.stringify(copy)).toBe(JSON.stringify(original));
  copy.a[0].c.push(3);
  Object.assign(Object.entries(copy)[1]?.[1] ?? {}, { e: 1 });
  expect(JSON.stringify(original)).toBe('{"a":[{"b":null,"c":[1,"2",true]}],"__proto__":{"d":{}}}');
  expect(copyOf({ at: new Date(5) })).toEqual({ at: new Date(5) });
});
