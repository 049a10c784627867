import { defineRegionCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

const documented = ["admin", "contributor", "viewer"];
/** What begins otherwise changes something. */
const reading = /^view_/;

export const threeBuiltinRoles = defineRegionCheck({
  id: "AUTH-01",
  title: "Three roles are built in: admin, contributor and viewer, and the viewer's changes nothing",
  severity: "medium",
  claims: ["rbac-three-builtin-roles"],
  documented: [],
  fix: "Take the further role out of the services' table; roles of a customer's own are not built in.",
  needs: ["regionAccessRoles"],
  evaluate({ regionAccessRoles }) {
    const builtin = regionAccessRoles.filter(({ builtin: is }) => is);
    const of = (name: string) => builtin.find((role) => role.name === name)?.actions ?? [];
    const changing = of("viewer").filter((action) => !reading.test(action));
    return [
      ...documented.map(
        (name): Finding =>
          of(name).length > 0 ? pass(`role ${name}`, of(name).join(", ")) : fail(`role ${name}`, "is not built in"),
      ),
      ...builtin
        .filter(({ name }) => !documented.includes(name))
        .map(({ name }) => fail(`role ${name}`, "is built in, and not documented")),
      ...["contributor", "viewer"].map((name): Finding => {
        const beyond = of(name).find((action) => !of("admin").includes(action));
        return beyond
          ? fail(`role ${name}`, `may ${beyond}, and the admin not`)
          : pass(`role ${name}`, "within the admin's");
      }),
      changing.length > 0 ? fail("role viewer", `may ${changing.join(", ")}`) : pass("role viewer", "reads only"),
    ];
  },
  sabotages: [
    {
      name: "a fourth is built in",
      apply({ regionAccessRoles }) {
        regionAccessRoles.push({ name: "operator", builtin: true, actions: ["manage_clusters"] });
      },
    },
    {
      name: "the last of the three is one of the customer's own",
      apply({ regionAccessRoles }) {
        const last = regionAccessRoles.findLast(({ builtin }) => builtin);
        if (last) last.builtin = false;
      },
    },
    {
      name: "the viewer may start runs",
      apply({ regionAccessRoles }) {
        regionAccessRoles.find(({ name }) => name === "viewer")?.actions.push("create_flyte_executions");
      },
    },
    {
      name: "the contributor may what the admin may not",
      apply({ regionAccessRoles }) {
        regionAccessRoles.find(({ name }) => name === "contributor")?.actions.push("manage_everything");
      },
    },
  ],
});
