import type { V1Pod } from "@kubernetes/client-node";
import { defineRegionCheck } from "../check.ts";
import type { DatabaseRoleFact, TableFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { sharedTables } from "../reason/metadata.ts";
import { serviceEnvironment } from "../reason/region.ts";

const ownOrg = "(org = current_setting('biplane.org'::text, true))";

const namesOfAll = "(current_setting('biplane.scheduler'::text, true) = 'on'::text)";

/**
 * Look-ups that come before the organisation is known. Each shows the one row whose secret the caller names, but the last
 * three: the region's own rounds', of tables that hold names of organisations and times, and nothing of theirs (DB-03,
 * docs/decisions/0070).
 */
const lookUps: Readonly<Record<string, string>> = {
  "biplane.applications": "(client_id = current_setting('biplane.client_id'::text, true))",
  "biplane.api_keys": "(key_id = current_setting('biplane.client_id'::text, true))",
  "biplane.session_secrets":
    "(secret_sha256 = decode(NULLIF(current_setting('biplane.secret'::text, true), ''::text), 'hex'::text))",
  "biplane.staff_grants": "(subject = current_setting('biplane.staff'::text, true))",
  "biplane.registrations":
    "(token_sha256 = decode(NULLIF(current_setting('biplane.registration'::text, true), ''::text), 'hex'::text))",
  "biplane.known_orgs": namesOfAll,
  "biplane.trigger_orgs": namesOfAll,
  "biplane.condition_orgs": namesOfAll,
};

/**
 * The documents say that row-level security is not in use and that the application alone keeps tenants apart. Here it is
 * in use beneath the application: the stricter statement is what passes.
 */
export const rowSecurityForced = defineRegionCheck({
  id: "DB-02",
  title: "Row-level security binds every tenant's table, its owner too, and no service can step around it",
  severity: "critical",
  claims: [],
  supersedes: { "tenant-rls-not-used": "docs/decisions/0002-row-level-security.md" },
  documented: [],
  fix: "Enable and force row-level security with the policy on org, and let services sign in as the runtime role.",
  needs: ["regionTables", "regionRoles", "regionPods"],
  evaluate({ regionTables, regionRoles, regionPods }, target) {
    const tables = regionTables.filter(({ name }) => !sharedTables.includes(name));
    const logins = serviceEnvironment(regionPods, target.namespace)
      .filter(({ name }) => name === "DATABASE_USER")
      .map(({ value }) => value);
    return [
      ...tables.map(judgeTable),
      ...[...new Set(logins)].map((login) => judgeLogin(login, regionRoles, regionTables)),
    ];
  },
  sabotages: [
    {
      name: "the first tenant's table has it off",
      apply: ({ regionTables }) => change(regionTables, 0, { rowSecurity: false }),
    },
    {
      name: "the last one does not bind its owner",
      apply: ({ regionTables }) => change(regionTables, -1, { forced: false }),
    },
    {
      name: "a second policy of the last table lets everybody read",
      apply({ regionTables }) {
        const last = tenants(regionTables).at(-1);
        if (!last) return false;
        last.policies.push({ ...all, roles: [] });
        return undefined;
      },
    },
    {
      name: "the owner of the last table may read all of its rows",
      apply({ regionTables }) {
        const last = tenants(regionTables).at(-1);
        if (!last) return false;
        last.policies.push({ ...all, roles: [last.owner] });
        return undefined;
      },
    },
    {
      name: "the services' login may read every row of the last table",
      apply({ regionTables, regionPods }, { namespace }) {
        const login = loginOf(regionPods, namespace);
        const last = tenants(regionTables).at(-1);
        if (!last || !login) return false;
        last.policies.push({ ...all, roles: [login] });
        return undefined;
      },
    },
    {
      name: "the policy of the first table checks nothing of what is written",
      apply({ regionTables }) {
        const policy = tenants(regionTables)
          .at(0)
          ?.policies.find(({ command }) => command === "all");
        if (!policy) return false;
        policy.check = "true";
        return undefined;
      },
    },
    {
      name: "the services' login may pass row-level security",
      apply({ regionRoles, regionPods }, { namespace }) {
        const login = loginOf(regionPods, namespace);
        const role = regionRoles.find(({ name }) => name === login);
        if (!role) return false;
        role.bypassesRowSecurity = true;
        return undefined;
      },
    },
    {
      name: "the services' login is a member of the owner",
      apply({ regionRoles, regionTables, regionPods }, { namespace }) {
        const login = loginOf(regionPods, namespace);
        const owner = regionTables.at(-1)?.owner;
        const role = regionRoles.find(({ name }) => name === login);
        if (!role || !owner) return false;
        role.memberOf = ["group_of_services"];
        regionRoles.push({ ...structuredClone(role), name: "group_of_services", memberOf: [owner] });
        return undefined;
      },
    },
    {
      name: "one service signs in as the owner",
      apply({ regionTables, regionPods }, { namespace }) {
        const variable = serviceEnvironment(regionPods, namespace).findLast(({ name }) => name === "DATABASE_USER");
        const owner = regionTables.at(0)?.owner;
        if (!variable || !owner) return false;
        variable.set(owner);
        return undefined;
      },
    },
  ],
});

/** Shows every row, to whomever it is for. */
const all = { name: "all", command: "select", permissive: true, using: "true", check: null } as const;

const tenants = (tables: TableFact[]) => tables.filter(({ name }) => !sharedTables.includes(name));

function change(tables: TableFact[], at: number, more: Partial<TableFact>): undefined | false {
  const table = tenants(tables).at(at);
  if (!table) return false;
  Object.assign(table, more);
  return undefined;
}

const loginOf = (pods: V1Pod[], namespace: string) =>
  serviceEnvironment(pods, namespace).find(({ name }) => name === "DATABASE_USER")?.value;

/** Permissive policies add up, so each must be one of those that are known; one of them holds for every command. */
function judgeTable({ name, rowSecurity, forced, policies }: TableFact): Finding {
  if (!rowSecurity) return fail(name, "row-level security is off");
  if (!forced) return fail(name, "it does not bind the table's owner");
  const whole = policies.find(
    ({ command, permissive, roles, using }) =>
      command === "all" && permissive && roles.length === 0 && using === ownOrg,
  );
  if (!whole) return fail(name, `no policy for all commands with ${ownOrg}`);
  const isKnown = ({ command, using, check }: TableFact["policies"][number]) =>
    (using === ownOrg && (check === null || check === ownOrg)) ||
    (command === "select" && check === null && using !== null && using === lookUps[name]);
  const stranger = policies.find((policy) => policy.permissive && !isKnown(policy));
  if (stranger)
    return fail(name, `the policy ${stranger.name} opens it by ${stranger.using ?? ""} ${stranger.check ?? ""}`);
  return pass(name, `forced, ${policies.map((policy) => policy.name).join(", ")}`);
}

function judgeLogin(login: string, roles: DatabaseRoleFact[], tables: TableFact[]): Finding {
  const subject = `database role ${login}`;
  const held = heldRoles(login, roles);
  if (held.length === 0) return fail(subject, "a service signs in by it, and it does not exist");
  const strong = held.find(({ superuser, bypassesRowSecurity }) => superuser || bypassesRowSecurity);
  if (strong) return fail(subject, `${strong.name} passes row-level security`);
  const owned = tables.find(({ owner }) => held.some(({ name }) => name === owner));
  if (owned) return fail(subject, `may act as the owner of ${owned.name}`);
  return pass(subject, "owns no table, passes no policy, is a member of nobody who does");
}

/** The role, and all that it is a member of, however far. */
function heldRoles(login: string, roles: DatabaseRoleFact[], seen = new Set<string>()): DatabaseRoleFact[] {
  const role = roles.find(({ name }) => name === login);
  if (!role || seen.has(login)) return [];
  seen.add(login);
  return [role, ...role.memberOf.flatMap((group) => heldRoles(group, roles, seen))];
}
