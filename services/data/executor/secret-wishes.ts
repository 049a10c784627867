/** The secrets that a task declares, as its pod asks for them. Names only: the executor can read none of them. */
import { type Secret, Secret_MountType } from "../../../gen/flyteidl2/core/security_pb.js";
import { secretNamePattern } from "../secrets/secret.ts";
import { type Wish, wishesAnnotation, wishesSchema } from "../secrets/wishes.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { isPlatformVariable } from "./pod-environment.ts";

/** @returns nothing for a task without secrets. @throws InvalidTaskError for what no pod can be given. */
export function secretAnnotations(secrets: readonly Secret[]): Record<string, string> {
  if (secrets.length === 0) return {};
  const wishes = secrets.map(wishOf);
  if (!wishesSchema.safeParse(wishes).success) throw refused("too many: a task may ask for up to 100");
  return { [wishesAnnotation]: JSON.stringify(wishes) };
}

/** The key alone names a secret, as the client's `flyte create secret` does; a group only goes into the variable's name. */
function wishOf({
  key,
  group,
  envVar,
  mountRequirement,
}: Pick<Secret, "key" | "group" | "envVar" | "mountRequirement">): Wish {
  if (!secretNamePattern.test(key)) {
    throw refused(`"${key}" is no name of one; allowed are 1 to 253 of a-z, A-Z, 0-9, "-" and "_"`);
  }
  if (mountRequirement === Secret_MountType.FILE) return { as: "file", name: key };
  const variable = envVar || (group ? `${group}_${key}` : key).replaceAll("-", "_").toUpperCase();
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
    throw refused(`"${variable}" is no name of a variable; choose one by flyte.Secret(key=..., as_env_var=...)`);
  }
  if (isPlatformVariable(variable)) {
    throw refused(`variable ${variable} is the platform's; choose another by flyte.Secret(key=..., as_env_var=...)`);
  }
  return { as: "env", name: key, variable };
}

function refused(what: string): InvalidTaskError {
  return new InvalidTaskError(`the task's secrets: ${what}`, "InvalidSecret");
}
