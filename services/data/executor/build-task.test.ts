import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { buildTask } from "../../../components/image-builder/contract.ts";
import { TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { buildContainer, isBuildTask } from "./build-task.ts";

const template = (id: object) =>
  create(TaskTemplateSchema, { id, target: { case: "container", value: { image: "evil.test/image", args: ["sh"] } } });

test("the platform's own task is known by its place and its name, and no project's task is it", () => {
  expect(isBuildTask(template(buildTask))).toBe(true);
  expect(isBuildTask(template({ ...buildTask, project: "demo" }))).toBe(false);
  expect(isBuildTask(template({ ...buildTask, name: "other" }))).toBe(false);
});

test("what runs is the plane's own program, with a token for the builder and for nobody else", () => {
  const { container, volume } = buildContainer({
    image: "services@sha256:1",
    builderUrl: "https://builder",
    builderCa: "PEM",
  });
  expect(container).toMatchObject({ image: "services@sha256:1", command: ["node", "/app/data/buildimage.mjs"] });
  expect(volume.projected?.sources).toEqual([
    { serviceAccountToken: expect.objectContaining({ audience: "imagebuilder.biplane.dev" }) },
  ]);
});

test("a plane that builds nothing says so", () => {
  expect(() => buildContainer(undefined)).toThrow("this cluster builds no images");
});
