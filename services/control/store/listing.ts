/** Filters, sorting and pages of a list, as SQL. Values travel as parameters; column names come from our own tables. */
import type { Filter, ListRequest } from "../../../gen/flyteidl2/common/list_pb.js";
import { Filter_Function as Is, Sort_Direction } from "../../../gen/flyteidl2/common/list_pb.js";
import { refusal } from "../../../shared/errors.ts";

export interface Field {
  /** An expression that is never null. */
  sql: string;
  kind: "text" | "integer" | "time";
  /** Names that stand for numbers, for an enum. */
  names?: Record<string, number>;
}

export interface ListShape {
  fields: Record<string, Field>;
  /** Fields besides that a client may sort by are `fields`; equal ones are ordered by these, unique together. */
  ties: string[];
  /** A jsonb expression for `labels.<key>`. */
  labels?: string;
}

/** Parameters not numbered yet: SQL has `$?` where the next value goes. */
export interface Condition {
  sql: string;
  values: unknown[];
}

export interface ListPlan {
  where: Condition[];
  orderBy: string;
  limit: number;
  /** What makes the next page's token, as SQL; comes back as column `page_key`. */
  pageKey: string;
  sort: string;
}

const defaultLimit = 100;
const maxLimit = 1000;
const defaultSort = "created_at";

/** @throws UserError that names the field, function, value or token that cannot be honoured. */
export function planList(request: ListRequest | undefined, shape: ListShape, scope: Condition[] = []): ListPlan {
  if (request?.rawFilters.length) {
    throw refusal({ subject: "raw_filters", value: request.rawFilters, allowed: "none; use filters" });
  }
  const filters = (request?.filters ?? []).map((filter) => planFilter(filter, shape));
  const sorts = request?.sortByFields.length ? request.sortByFields : request?.sortBy ? [request.sortBy] : [];
  if (sorts.length > 1) throw refusal({ subject: "sort_by_fields", value: sorts.length, allowed: "one field" });
  const name = sorts[0]?.key || defaultSort;
  const down = (sorts[0]?.direction ?? Sort_Direction.DESCENDING) === Sort_Direction.DESCENDING;
  const field = fieldOf(shape, "sort_by", name);
  const key = [field.kind === "time" ? milliseconds(field.sql) : field.sql, ...shape.ties];
  const sort = `${name} ${down ? "down" : "up"}`;
  const after = request?.token ? [afterToken(request.token, sort, field, shape.ties, down)] : [];
  return {
    where: [...scope, ...filters, ...after],
    orderBy: [field.sql, ...shape.ties].map((part) => `${part} ${down ? "desc" : "asc"}`).join(", "),
    limit: Math.min(request?.limit || defaultLimit, maxLimit),
    pageKey: `jsonb_build_array(${key.join(", ")})`,
    sort,
  };
}

export interface ListSource {
  columns: string;
  /** Tables, joins and the first conditions: begins with "from", goes on after "and". */
  from: string;
  /** Of `from`. */
  values: unknown[];
}

/** Asks for one row more than the page, to know whether there is another. */
export function listSql({ columns, from, values }: ListSource, plan: ListPlan): { text: string; values: unknown[] } {
  const all = [...values];
  const conditions = plan.where.map(({ sql, values: more }) => {
    const rest = [...more];
    return ` and (${sql.replace(/\$\?/g, () => `$${all.push(rest.shift())}`)})`;
  });
  const select = `select ${columns}, ${plan.pageKey} as page_key ${from}${conditions.join("")}`;
  return { text: `${select} order by ${plan.orderBy} limit ${plan.limit + 1}`, values: all };
}

/** Cuts the row that was asked for beyond the page. @returns the page, and the token of the next or "". */
export function pageOf<Row>(rows: Row[], plan: ListPlan): { rows: Row[]; token: string } {
  if (rows.length <= plan.limit) return { rows, token: "" };
  const page = rows.slice(0, plan.limit);
  const last = page.at(-1) as (Row & { page_key?: unknown[] }) | undefined;
  return {
    rows: page,
    token: Buffer.from(JSON.stringify([plan.sort, ...(last?.page_key ?? [])])).toString("base64url"),
  };
}

function afterToken(token: string, sort: string, field: Field, ties: string[], down: boolean): Condition {
  const [madeFor, value, ...rest] = parseToken(token);
  const fits = madeFor === sort && rest.length === ties.length && rest.every((tie) => typeof tie === "string");
  if (!fits || typeof value !== (field.kind === "text" ? "string" : "number")) {
    throw refusal({ subject: "token", value: token, allowed: "the token of the page before, with the same sorting" });
  }
  const first = field.kind === "time" ? new Date(Number(value)) : value;
  const left = [field.sql, ...ties].join(", ");
  return {
    sql: `(${left}) ${down ? "<" : ">"} (${["$?", ...ties.map(() => "$?")].join(", ")})`,
    values: [first, ...rest],
  };
}

function parseToken(token: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    // Not one of ours: refused by the caller of this function, like any other that does not fit.
    return [];
  }
}

function planFilter(filter: Filter, shape: ListShape): Condition {
  if (shape.labels && filter.field.startsWith("labels.")) return labelFilter(filter, shape.labels);
  const field = fieldOf(shape, "filter", filter.field);
  const given = filter.values;
  const one = (): unknown => {
    // The Flyte client passes a single phase as a string where a list belongs, so 10 arrives as "1", "0".
    if (field.names) return valueFor(field, filter.field, given.join(""));
    if (given.length === 1) return valueFor(field, filter.field, given[0] ?? "");
    throw refusal({ subject: `values of filter ${filter.field}`, value: given, allowed: "one value" });
  };
  const many = () => given.map((value) => valueFor(field, filter.field, value));
  const array = { text: "text[]", integer: "bigint[]", time: "timestamptz[]" }[field.kind];
  switch (filter.function) {
    case Is.EQUAL:
      return { sql: `${field.sql} = $?`, values: [one()] };
    case Is.NOT_EQUAL:
      return { sql: `${field.sql} <> $?`, values: [one()] };
    case Is.GREATER_THAN:
      return { sql: `${field.sql} > $?`, values: [one()] };
    case Is.GREATER_THAN_OR_EQUAL:
      return { sql: `${field.sql} >= $?`, values: [one()] };
    case Is.LESS_THAN:
      return { sql: `${field.sql} < $?`, values: [one()] };
    case Is.LESS_THAN_OR_EQUAL:
      return { sql: `${field.sql} <= $?`, values: [one()] };
    case Is.VALUE_IN:
      return { sql: `${field.sql} = any($?::${array})`, values: [many()] };
    case Is.VALUE_NOT_IN:
      return { sql: `${field.sql} <> all($?::${array})`, values: [many()] };
    default:
      return textFilter(filter, field, one);
  }
}

function textFilter(filter: Filter, field: Field, one: () => unknown): Condition {
  const sql: Partial<Record<Is, string>> = {
    [Is.CONTAINS]: `position($? in ${field.sql}) > 0`,
    [Is.CONTAINS_CASE_INSENSITIVE]: `position(lower($?) in lower(${field.sql})) > 0`,
    [Is.ENDS_WITH]: `right(${field.sql}, length($?)) = $?`,
    [Is.NOT_ENDS_WITH]: `right(${field.sql}, length($?)) <> $?`,
  };
  const found = field.kind === "text" ? sql[filter.function] : undefined;
  if (!found) {
    const allowed = field.kind === "text" ? "comparisons, lists, contains and ends with" : "comparisons and lists";
    throw refusal({
      subject: `function of filter ${filter.field}`,
      value: Is[filter.function] ?? filter.function,
      allowed,
    });
  }
  return { sql: found, values: found.split("$?").slice(1).map(one) };
}

function labelFilter({ field, function: is, values }: Filter, labels: string): Condition {
  const key = field.slice("labels.".length);
  switch (is) {
    case Is.EQUAL:
      return { sql: `${labels} ->> $? = $?`, values: [key, values.join("")] };
    case Is.EXISTS:
      return { sql: `${labels} ? $?::text`, values: [key] };
    case Is.NOT_EXISTS:
      return { sql: `not ${labels} ? $?::text`, values: [key] };
    default:
      throw refusal({
        subject: `function of filter ${field}`,
        value: Is[is] ?? is,
        allowed: "EQUAL, EXISTS, NOT_EXISTS",
      });
  }
}

function valueFor(field: Field, name: string, value: string): string | number | Date {
  if (field.kind === "text") return value;
  if (field.kind === "time") {
    const at = new Date(value);
    if (!Number.isNaN(at.getTime())) return at;
    throw refusal({ subject: `value of filter ${name}`, value, allowed: "a time such as 2026-01-31T12:00:00Z" });
  }
  const number = field.names?.[value] ?? Number(value || Number.NaN);
  if (Number.isSafeInteger(number)) return number;
  const names = field.names ? ` or one of ${Object.keys(field.names).join(", ")}` : "";
  throw refusal({ subject: `value of filter ${name}`, value, allowed: `a whole number${names}` });
}

function fieldOf(shape: ListShape, subject: string, name: string): Field {
  const field = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
  if (field) return field;
  const labels = shape.labels ? ["labels.<key>"] : [];
  throw refusal({ subject, value: name, allowed: [...Object.keys(shape.fields), ...labels].join(", ") });
}

/** Exact: times are stored with milliseconds. */
function milliseconds(sql: string): string {
  return `(extract(epoch from ${sql}) * 1000)::bigint`;
}
