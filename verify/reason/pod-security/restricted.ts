/** The checks that the level `restricted` adds: what a pod must state, since the defaults are not tight. */
import { procMount, seccompFields } from "./baseline.ts";
import type { Container, Pod, SecurityContext } from "./pod.ts";
import { atContainers, atContexts, isWindows, type Judge, ownUsers, unless } from "./seen.ts";
import type { Check } from "./standards.ts";

const volumeTypes = "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret".split(
  " ",
);

/** A volume that says nothing is an emptyDir; a type that nobody here knows is none of the harmless ones. */
const volumes: Judge = ({ spec }) =>
  spec.volumes.flatMap(({ name, ...sources }) => {
    const types = Object.keys(sources).filter((type) => sources[type] !== undefined && sources[type] !== null);
    if (types.length === 0 || types.some((type) => volumeTypes.includes(type))) return [];
    return [`spec.volumes[${name}] is of type ${types.join(", ")}`];
  });

const privilegeEscalation = atContainers(function* ({ securityContext }) {
  const { allowPrivilegeEscalation } = securityContext ?? {};
  if (allowPrivilegeEscalation !== false) {
    yield ["securityContext.allowPrivilegeEscalation", allowPrivilegeEscalation ?? "not set"];
  }
});

const capabilities = atContainers(function* ({ securityContext }) {
  const { add, drop } = securityContext?.capabilities ?? { add: [], drop: [] };
  if (!drop.includes("ALL")) yield ["securityContext.capabilities.drop", drop];
  for (const added of add) if (added !== "NET_BIND_SERVICE") yield ["securityContext.capabilities.add", added];
});

const rootUser = atContexts(function* ({ runAsUser }) {
  if (runAsUser === 0) yield ["runAsUser", 0];
});

const statedAsRoot = atContexts(function* ({ runAsNonRoot }) {
  if (runAsNonRoot === false) yield ["runAsNonRoot", false];
});
const nonRoot = stated("runAsNonRoot", statedAsRoot, (context) => context?.runAsNonRoot);
const seccomp = stated("seccompProfile.type", seccompFields, (context) => context?.seccompProfile);

/** Wrong nowhere, and said by the pod, or else by every container. */
function stated(field: string, wrong: Judge, said: (context: SecurityContext | undefined) => unknown): Judge {
  return (pod) => {
    const found = wrong(pod);
    if (found.length > 0) return found;
    const silent = ({ securityContext }: Container) => said(securityContext) === undefined;
    if (said(pod.spec.securityContext) !== undefined) return [];
    return placesOf(pod, silent).map((place) => `${place}.securityContext.${field} is not set, nor the pod's`);
  };
}

function placesOf({ containers }: Pod, which: (container: Container) => boolean): string[] {
  return containers.filter(({ container }) => which(container)).map(({ place }) => place);
}

export const restricted: readonly Check[] = [
  {
    id: "allowPrivilegeEscalation",
    since: { 8: privilegeEscalation, 25: unless(isWindows, privilegeEscalation) },
  },
  {
    id: "capabilities_restricted",
    since: { 22: capabilities, 25: unless(isWindows, capabilities) },
    instead: "capabilities_baseline",
  },
  { id: "procMount_restricted", since: { 35: procMount }, instead: "procMount" },
  { id: "restrictedVolumes", since: { 0: volumes }, instead: "hostPathVolumes" },
  { id: "runAsNonRoot", since: { 0: nonRoot, 35: unless(ownUsers, nonRoot) } },
  { id: "runAsUser", since: { 23: rootUser, 35: unless(ownUsers, rootUser) } },
  {
    id: "seccompProfile_restricted",
    since: { 19: seccomp, 25: unless(isWindows, seccomp) },
    instead: "seccompProfile_baseline",
  },
];
