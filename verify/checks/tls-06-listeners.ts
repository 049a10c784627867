import { defineJointCheck } from "../check.ts";
import { judgeListening, listening, listeningFacts } from "./listening.ts";
import { listeningSabotages } from "./listening-sabotages.ts";

export const listenersByTls = defineJointCheck({
  ...listening,
  id: "TLS-06",
  title: "No pod of the platform's listens in clear on either plane, but on its own loopback",
  needs: listeningFacts,
  notApplicable: ({ customer }) =>
    customer.servesApps
      ? "the plane serves apps, whose gateway speaks to them in clear: it depends on the network between its nodes"
      : undefined,
  evaluate: judgeListening,
  sabotages: listeningSabotages,
});
