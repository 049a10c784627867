/** Package random. What it makes lives in the stack's state alone, encrypted. */
import { randomInt } from "node:crypto";
import type { Unwrap } from "@pulumi/pulumi";
import type { RandomPasswordArgs } from "@pulumi/random";
import { define, type Package, type Types } from "../machine/resource.ts";

const alphabets = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

type Inputs = Unwrap<RandomPasswordArgs> & object;

const types: Types = {
  "random:index/randomPassword:RandomPassword": define<Inputs>({
    required: ["length"],
    defaults: { special: true, upper: true, lower: true, numeric: true },
    secrets: ["result"],
    async create(inputs) {
      const special = inputs.overrideSpecial ?? alphabets.special;
      const letters = (["lower", "upper", "numeric"] as const).filter((kind) => inputs[kind]);
      const alphabet = `${letters.map((kind) => alphabets[kind]).join("")}${inputs.special ? special : ""}`;
      const result = Array.from({ length: inputs.length }, () => alphabet[randomInt(alphabet.length)]).join("");
      return { id: "none", outputs: { result } };
    },
    async delete() {},
  }),
};

export function randomPackage(): Package {
  return {
    name: "random",
    version: "4.21.2",
    table: "sandbox/providers/random/index.ts",
    typeOf: (token) => types[token],
    invokes: {},
  };
}
