import messages from "@pulumi/pulumi/proto/provider_pb.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Properties, Secret, sameValue, unknownValue, type Value, withSecretsOf } from "./values.ts";
import { decode, encode, fromState } from "./wire.ts";

const key = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== "__proto__");
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value; object: Properties }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.string(),
    fc.constant(unknownValue),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("object"),
    tie("value").map((inner) => new Secret(inner)),
  ),
  object: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
})).value;
const objects = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });

/** Through the bytes, as the engine sends and reads them. */
function overTheWire(properties: Properties): Properties {
  const request = new messages.CreateRequest().setProperties(encode(properties));
  return decode(messages.CreateRequest.deserializeBinary(request.serializeBinary()).getProperties());
}

test("any properties, secrets and unknowns at any depth, arrive as they were sent", () => {
  fc.assert(
    fc.property(objects, (sent) => {
      expect(overTheWire(sent)).toStrictEqual(sent);
    }),
  );
});

test("each kind of unknown that the engine sends is one", () => {
  const bool = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7";
  expect(overTheWire({ flag: bool, text: "1c4a061d" })).toStrictEqual({ flag: unknownValue, text: "1c4a061d" });
});

test("an asset keeps its signed form", () => {
  const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "hello" };
  expect(overTheWire({ asset })).toStrictEqual({ asset });
});

test("what is secret in the inputs is secret again at the same place of the outputs, and nowhere else", () => {
  const inputs = { spec: { env: [{ name: "A", value: new Secret("s") }] }, plain: "x" };
  const outputs = { spec: { env: [{ name: "A", value: "s" }], extra: 1 }, plain: "x", uid: "u" };
  expect(withSecretsOf(inputs, outputs)).toStrictEqual({ ...outputs, spec: { ...inputs.spec, extra: 1 } });
});

test("policies that say the same are the same, whatever their spaces and order", () => {
  expect(sameValue('{"a":1,"b":[2]}', '{ "b": [2], "a": 1 }')).toBe(true);
  expect(sameValue('{"a":1}', '{"a":2}')).toBe(false);
  expect(sameValue("{not json", "{not json}")).toBe(false);
});

test("a secret of the state file is taken as null, since it rests encrypted", () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:xyz" };
  expect(fromState({ name: "n", password: secret })).toStrictEqual({ name: "n", password: new Secret(null) });
});
