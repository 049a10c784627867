/** Where an image goes: the plane's one repository, under a tag by the customer's rule. */
import { familyOf, tagOf } from "../../../components/image-builder/tags.ts";
import type { ProjectDomain } from "../../shared/config.ts";
import { invalid } from "../../shared/errors.ts";

export interface Repository {
  /** Registry and path, such as 111111111111.dkr.ecr.us-east-2.amazonaws.com/union/tasks. */
  url: string;
  /** The rule of its tags: components/image-builder/tags.ts. */
  tags: string;
}

export interface TargetImage {
  /** What the tags of every version of this image look like. */
  family: RegExp;
  tag: string;
}

/**
 * @param wished `<name>:<version>`, with the repository before it or nothing
 * @param space whose build it is
 * @throws ConnectError
 */
export function targetOf(wished: string, { url, tags }: Repository, { project, domain }: ProjectDomain): TargetImage {
  const [, path = "", name = "", version = ""] = /^(?:(.*)\/)?([^/:@]+):([^/:@]+)$/.exec(wished) ?? [];
  const plain = [name, version].every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  const said = { project, domain, name, version };
  const tag = tagOf(tags, said);
  if (!plain || tag.length > 128) {
    throw invalid({
      subject: "target_image",
      value: wished.slice(0, 200),
      allowed: `<name>:<tag> of letters, digits and ._-, at most 128 of them as ${tags}`,
    });
  }
  if (path !== "" && path !== url) {
    throw invalid({
      subject: "the image's registry",
      value: path,
      allowed: url,
      todo: "Leave the registry out: images of this plane go to its own repository.",
    });
  }
  return { family: familyOf(tags, said), tag };
}
