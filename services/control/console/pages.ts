/** The pages: what the region's record says, and never what the data planes hold. Pure. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Project } from "../../../gen/flyteidl2/project/project_service_pb.js";
import type { Action, ActionDetails, Run } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { type Html, html } from "../../shared/html.ts";
import type { Page } from "./html.ts";
import { type Place, runPath, runsPath } from "./routes.ts";
import { durationOf, endedBadly, phaseOf, reasonOf, taskOf, timeOf } from "./words.ts";

export interface Listed<T> {
  rows: readonly T[];
  /** Of the next page. @default it is the last */
  next: string;
}

export function projectsPage({ rows, next }: Listed<Project>): Page {
  const body = rows.map(({ id, domains }) => {
    const links = domains.map(
      (domain) => html`<a href="${runsPath({ project: id, domain: domain.id })}">${domain.name || domain.id}</a> `,
    );
    return html`<tr><th scope="row">${id}</th><td>${links}</td></tr>\n`;
  });
  return { title: "Projects", body: table("Projects and their domains", ["Project", "Domains"], body, "/", next) };
}

/** @param now in milliseconds. */
export function runsPage(place: Place, { rows, next }: Listed<Run>, now: number): Page {
  const body = rows.map(({ action }) => {
    const name = action?.id?.run?.name ?? "";
    const link = html`<th scope="row"><a href="${runPath(place, name)}">${name}</a></th>`;
    return html`<tr>${link}<td>${taskOf(action)}</td>${standing(action, now)}</tr>\n`;
  });
  const heads = ["Run", "Task", "State", "Started", "Duration"];
  const title = `Runs of ${place.project}, ${place.domain}`;
  return { title, body: table("The latest first", heads, body, runsPath(place), next) };
}

export interface ShownRun extends Listed<Action> {
  root: ActionDetails;
  /** Of those that did not end well, as far as they were asked for. */
  ended: readonly ActionDetails[];
}

/** @param now in milliseconds. */
export function runPage(place: Place & { run: string }, { root, rows, next, ended }: ShownRun, now: number): Page {
  const why = new Map(ended.map((details) => [details.id?.name ?? "", reasonOf(details)]));
  const body = rows.map((action) => {
    const name = action.id?.name ?? "";
    const shown = why.get(name) ? html`<a href="#reason-${name}">${name}</a>` : name;
    const { attempts = 0 } = action.status ?? {};
    return html`<tr><th scope="row">${shown}</th><td>${taskOf(action)}</td>${standing(action, now)}<td>${attempts}</td></tr>\n`;
  });
  const reasons = [...why].map(([name, reason]) =>
    reason ? html`<h3 id="reason-${name}">${name}</h3>\n<pre>${reason}</pre>\n` : html``,
  );
  const untold = rows.filter(({ id, status }) => endedBadly(status) && !why.has(id?.name ?? "")).length;
  const more = untold > 0 ? html`<p>${untold} more did not end well: <code>flyte get action</code> says why.</p>` : "";
  const heads = ["Action", "Task", "State", "Started", "Duration", "Attempts"];
  const { project, domain, run } = place;
  return {
    title: `Run ${run}`,
    body: html`<p><a href="${runsPath(place)}">Runs of ${project}, ${domain}</a></p>
<p>${taskOf(root)}: <strong>${phaseOf(root.status)}</strong>${ranFor(root, now)}</p>
${table("Actions, the first one first", heads, body, runPath(place, run), next)}
${reasons.length > 0 ? html`<h2>What did not end well</h2>\n${reasons}${more}` : more}
<p>Inputs, outputs and logs stay in the data plane: <code>flyte get io</code> and <code>flyte get logs</code> read them there.</p>`,
  };
}

function ranFor({ status }: ActionDetails, now: number): string {
  const began = status?.startTime ? `, started ${timestampDate(status.startTime).toISOString().slice(0, 19)}Z` : "";
  return `${began}${began && `, ${durationOf(status, now)}`}`;
}

function standing(action: Action | undefined, now: number): Html {
  const status = action?.status;
  return html`<td>${phaseOf(status)}</td><td>${timeOf(status?.startTime)}</td><td>${durationOf(status, now)}</td>`;
}

function table(caption: string, heads: readonly string[], rows: readonly Html[], path: string, next: string): Html {
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  const more = next ? html`<p><a href="${path}?after=${encodeURIComponent(next)}" rel="next">More</a></p>` : "";
  if (rows.length === 0) return html`<p>There is nothing that you may see.</p>${more}`;
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows}</tbody></table></div>${more}`;
}
