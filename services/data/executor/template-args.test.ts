import { describe, expect, it } from "vitest";
import { fillTemplate, templateValues } from "./template-args.ts";

const place = {
  runName: "r1",
  actionName: "a0",
  inputUri: "s3://meta/acme/demo/development/inputs/abc",
  runOutputBase: "s3://meta/acme/demo/development/r1",
  runStartTime: "2026-11-22T17:00:00Z",
  attempt: 1,
};

describe("templateValues", () => {
  it("gives every attempt a folder of its own beneath the run's", () => {
    expect(templateValues({ ...place, attempt: 2 })).toEqual({
      input: "s3://meta/acme/demo/development/inputs/abc/inputs.pb",
      outputPrefix: "s3://meta/acme/demo/development/r1/a0/2",
      rawOutputDataPrefix: "s3://meta/acme/demo/development/r1/a0/2",
      checkpointOutputPrefix: "s3://meta/acme/demo/development/r1/a0/2/_flytecheckpoints",
      prevCheckpointPrefix: "s3://meta/acme/demo/development/r1/a0/1/_flytecheckpoints",
      runName: "r1",
      actionName: "a0",
      runStartTime: "2026-11-22T17:00:00Z",
    });
  });

  it("has no earlier checkpoint on the first attempt", () => {
    expect(templateValues(place).prevCheckpointPrefix).toBe('""');
  });

  it.each([
    ["s3://b/r/child/inputs.pb", "s3://b/r/child/inputs.pb"],
    ["s3://b/inputs/x/", "s3://b/inputs/x/inputs.pb"],
    ["s3://b/myinputs.pb", "s3://b/myinputs.pb/inputs.pb"],
  ])("takes input URI %s as the file %s", (inputUri, input) => {
    expect(templateValues({ ...place, inputUri }).input).toBe(input);
  });
});

describe("fillTemplate", () => {
  const values = templateValues(place);

  it.each([
    ["{{.outputPrefix}}", "s3://meta/acme/demo/development/r1/a0/1"],
    ["{{ .OUTPUTPREFIX }}/x", "s3://meta/acme/demo/development/r1/a0/1/x"],
    ["{{.runName}}-{{.actionName}}", "r1-a0"],
    ["{{.runStartTime}}", "2026-11-22T17:00:00Z"],
    ["{{.perRetryUniqueKey}}", "{{.perRetryUniqueKey}}"],
    ["{{input}} {.input}", "{{input}} {.input}"],
    ["$& {{.runName}}", "$& r1"],
  ])("fills %s", (text, filled) => {
    expect(fillTemplate(text, values)).toBe(filled);
  });

  it("does not read a value as a template or as a replacement pattern", () => {
    const odd = { ...values, runName: "{{.actionName}}$&" };
    expect(fillTemplate("{{.runName}}", odd)).toBe("{{.actionName}}$&");
  });

  it("leaves the start time unfilled when it is unknown", () => {
    const { runStartTime: _unknown, ...rest } = values;
    expect(fillTemplate("{{.runStartTime}}", rest)).toBe("{{.runStartTime}}");
  });
});
