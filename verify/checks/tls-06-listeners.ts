import { defineJointCheck } from "../check.ts";
import { judgeListening, listening, listeningFacts } from "./listening.ts";
import { listeningSabotages } from "./listening-sabotages.ts";

/** What Knative's own programs say in clear, where apps are served, is for the network between nodes: TLS-07, 27 and 47. */
export const listenersByTls = defineJointCheck({
  ...listening,
  id: "TLS-06",
  title: "No pod of the platform's listens in clear on either plane, but on its own loopback",
  needs: listeningFacts,
  evaluate: judgeListening,
  sabotages: listeningSabotages,
});
