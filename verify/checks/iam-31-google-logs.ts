import { defineGoogleCheck } from "../check.ts";
import { taskAccounts } from "../google-accounts.ts";
import { googlePlaneFacts, named } from "../reason/gcp/plane.ts";
import { type Asked, askAll } from "./google-questions.ts";
import { grantInProject } from "./iam-23-google-families.ts";

export const googleLogsReach = defineGoogleCheck({
  id: "IAM-31",
  title: "The admin's account reads kept logs by the plane's own view, writes none, and tasks read none",
  severity: "high",
  claims: ["iam-admin-logs-read"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants the view.",
  needs: googlePlaneFacts,
  notApplicable: ({ logView }) => (logView ? undefined : "no logs are kept"),
  evaluate(facts, target) {
    const { accounts, project, logView = "" } = target;
    const admin = `serviceAccount:${accounts.admin}`;
    const own = named.view(logView);
    const all = named.view(`projects/${project}/locations/global/buckets/_Default/views/_AllLogs`);
    const ask = (wanted: Asked["wanted"], principal: string, permission: string, resource: string): Asked => {
      return { wanted, principal, permission, resource };
    };
    return askAll(
      facts,
      [
        ask("allow", admin, "logging.views.access", own),
        ask("deny", admin, "logging.views.access", all),
        ...["logging.logEntries.list", "logging.logEntries.create", "logging.buckets.delete"].map((permission) =>
          ask("deny", admin, permission, named.above(`projects/${project}`)),
        ),
        ...taskAccounts(target).map(({ email }) => ask("deny", `serviceAccount:${email}`, "logging.views.access", own)),
      ],
      target.accountGroups,
    );
  },
  sabotages: [
    {
      name: "the view grants nobody anything",
      apply({ googleStores }, { logView }) {
        for (const { views } of googleStores.logBuckets)
          for (const view of views) if (view.name === logView) view.bindings = [];
      },
    },
    {
      name: "the account reads every log of the project",
      apply: (facts, { accounts }) =>
        grantInProject(facts, accounts.admin, "roles/logging.viewer", [
          "logging.logEntries.list",
          "logging.views.access",
        ]),
    },
    {
      name: "tasks read by the view too",
      apply({ googleStores }, { logView, accounts }) {
        for (const { views } of googleStores.logBuckets)
          for (const view of views)
            if (view.name === logView)
              view.bindings.push({ role: "roles/logging.viewAccessor", members: [`serviceAccount:${accounts.user}`] });
      },
    },
  ],
});
