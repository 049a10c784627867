/**
 * The mandatory pack: no `up` and no preview passes while one rule is broken. An input that a preview cannot know yet is
 * left to the `up` itself, which judges again with all values known.
 */
import {
  PolicyPack,
  type ResourceValidation,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import type { Rule, StackRule } from "./rule.ts";
import { rules, stackRules } from "./rules.ts";

new PolicyPack("biplane", {
  enforcementLevel: "mandatory",
  policies: [...rules.map(resourcePolicy), ...stackRules.map(stackPolicy)],
});

function resourcePolicy(rule: Rule): ResourceValidationPolicy {
  const validate: ResourceValidation = ({ type, name, props, opts }, report) => {
    if (!rule.types.includes(type)) return;
    const words = rule.judge(props, { type, name, protect: opts.protect });
    if (words.length > 0) report(words.join("; "));
  };
  // What `validateResourceOfType` would leave on it, without loading a cloud's whole SDK for the name of a class: a
  // resource of another type is then passed over before its properties are read, which is most of a pack's time.
  const [only, ...others] = rule.types;
  return {
    ...about(rule),
    validateResource: others.length === 0 ? Object.assign(validate, { __pulumiType: only }) : validate,
  };
}

function stackPolicy(rule: StackRule): StackValidationPolicy {
  return {
    ...about(rule),
    validateStack({ resources }, report) {
      const seen = resources.map(({ type, name, urn, props, opts }) => ({
        type,
        name,
        urn,
        inputs: props,
        protect: opts.protect,
      }));
      for (const { resource, words } of rule.judge(seen)) report(words, resource.urn);
    },
  };
}

function about({ name, says, controls }: Rule | StackRule) {
  return { name, description: `${says} Claims: ${controls.join(", ")}.` };
}
