/** Where an image goes: the plane's one repository, under a tag that tells what the caller called it. */
import { invalid } from "../../shared/errors.ts";

export interface Repository {
  /** Registry and path, such as 111111111111.dkr.ecr.us-east-2.amazonaws.com/union/tasks. */
  url: string;
}

export interface TargetImage {
  /** Begins the tags of every version of this image. */
  family: string;
  tag: string;
}

/** @param wished `<name>:<tag>`, with the repository before it or nothing. @throws ConnectError */
export function targetOf(wished: string, { url }: Repository): TargetImage {
  const [, path = "", name = "", version = ""] = /^(?:(.*)\/)?([^/:@]+):([^/:@]+)$/.exec(wished) ?? [];
  const plain = [name, version].every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part));
  const tag = `${name}-${version}`;
  if (!plain || tag.length > 128) {
    throw invalid({
      subject: "target_image",
      value: wished.slice(0, 200),
      allowed: "<name>:<tag>, together at most 127 letters, digits and ._-",
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
  return { family: `${name}-`, tag };
}
