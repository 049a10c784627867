/** Which images a build may start from. */
import { invalid } from "../../shared/errors.ts";

const reference = /^[a-z0-9][a-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/i;

/** @returns as a registry reads it: without a host an image is Docker Hub's */
function wholeName(image: string): string {
  const [host = ""] = image.split("/");
  if (!image.includes("/")) return `docker.io/library/${image}`;
  return /[.:]|^localhost$/.test(host) ? image : `docker.io/${image}`;
}

/**
 * @param approved registries, paths in them or repositories
 * @throws ConnectError for a base that is none, or of another registry
 */
export function requireApproved(base: string, approved: readonly string[]): void {
  const subject = "the base image";
  if (base === "" || !reference.test(base)) {
    throw invalid({
      subject,
      value: base.slice(0, 200),
      allowed: "an image's name, such as docker.io/library/python:3.12",
    });
  }
  const whole = wholeName(base);
  // After a bare host a colon would begin a port, and so another registry.
  const ends = (name: string) => (name.includes("/") ? [`${name}/`, `${name}:`, `${name}@`] : [`${name}/`]);
  if (approved.flatMap(ends).some((start) => whole.startsWith(start))) return;
  throw invalid({
    subject,
    value: base,
    allowed: `from an approved registry (${approved.join(", ")})`,
    todo: "Take one of these with flyte.Image.from_base, or have its registry approved (imageBuilder.approvedBases).",
  });
}
