import { defineRegionCheck } from "../check.ts";
import type { ProbedCall } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** What a client must know before it can sign in. */
const open = [
  "flyteidl2.auth.AuthMetadataService/GetOAuth2Metadata",
  "flyteidl2.auth.AuthMetadataService/GetPublicClientConfig",
];
/** `Unimplemented` before anybody was asked for: no service of the region answers this path. */
const refusals = ["Unauthenticated", "Unimplemented"];
/** By its own token of one use, which stands in the message: an empty message has none. */
const byMessage = {
  method: "biplane.cluster.v1.RegistrationService/Register",
  codes: ["Unauthenticated", "InvalidArgument"],
};

export const everyCallAuthenticated = defineRegionCheck({
  id: "RPC-01",
  title: "No RPC answers whoever is not signed in, but the two that tell how to sign in",
  severity: "critical",
  probes: true,
  claims: ["rbac-every-request-authenticated"],
  documented: [],
  fix: "Give the method a rule in the services' table, and let the gateway ask for its caller.",
  needs: ["probedCalls"],
  evaluate({ probedCalls }) {
    const strangers = probedCalls.filter(({ credential }) => credential !== "signed in");
    const asked = strangers.filter(({ code }) => code === "Unauthenticated");
    return [
      judgeControl(probedCalls.find(({ credential }) => credential === "signed in")),
      ...[...Map.groupBy(strangers, ({ method }) => method)]
        .filter(([method]) => !open.includes(method))
        .map(([method, calls]) => judge(method, calls)),
      asked.length > 0
        ? pass("refused for want of a caller", `${asked.length} of ${strangers.length} calls`)
        : fail("refused for want of a caller", "none: nothing that is served was asked"),
    ];
  },
  sabotages: [
    {
      name: "the last method answers anybody",
      apply: ({ probedCalls }) => answer(probedCalls.findLast(isClosed), "Ok"),
    },
    {
      name: "the first method reads the message before it asks who calls",
      apply: ({ probedCalls }) => answer(probedCalls.find(isClosed), "InvalidArgument"),
    },
    {
      name: "an unsigned token is taken",
      apply: ({ probedCalls }) =>
        answer(
          probedCalls.find((call) => isClosed(call) && call.credential === "unsigned token"),
          "PermissionDenied",
        ),
    },
    {
      name: "whoever is signed in is refused too",
      apply: ({ probedCalls }) =>
        answer(
          probedCalls.find(({ credential }) => credential === "signed in"),
          "Unauthenticated",
        ),
    },
    {
      name: "anybody joins a cluster",
      apply: ({ probedCalls }) =>
        answer(
          probedCalls.find(({ method }) => method === byMessage.method),
          "Ok",
        ),
    },
  ],
});

function judge(method: string, calls: readonly ProbedCall[]): Finding {
  const wanted = method === byMessage.method ? byMessage.codes : refusals;
  const answered = calls.find(({ code }) => !wanted.includes(code));
  if (answered) return fail(method, `${answered.code} with credential ${answered.credential}: ${answered.told}`);
  return pass(method, calls.map(({ credential, code }) => `${credential}: ${code}`).join(", "));
}

function judgeControl(call: ProbedCall | undefined): Finding {
  if (!call) return fail("control", "nobody was signed in");
  const subject = `control: ${call.method}, signed in`;
  return call.code === "Ok" ? pass(subject, "answered") : fail(subject, `${call.code}: ${call.told}`);
}

const isClosed = ({ method, credential }: ProbedCall) =>
  credential !== "signed in" && !open.includes(method) && method !== byMessage.method;

function answer(call: ProbedCall | undefined, code: string): undefined | false {
  if (!call) return false;
  call.code = code;
  return undefined;
}
