/** What lies in a bucket, by lists that stop at each `/`: few calls at any size, and nothing stays unseen. */
import type { PlacesFact } from "../facts-places.ts";
import { mostPages } from "./rest.ts";

export interface PlacesPage {
  objects: string[];
  /** Each ends in `/`. */
  prefixes: string[];
  /** What the next page is asked for by; absent on the last. */
  next?: string | undefined;
}

/** What lies right beneath a prefix. */
export type ListPlaces = (prefix: string, next?: string) => Promise<PlacesPage>;

/** Of one level. So many more than a plane has projects are strays, and the first of them tell it. */
const mostTold = 2_000;

/**
 * @param known prefixes beneath which nothing is asked, such as `org/project/domain/`
 * @param holds whether an object lies beneath a prefix that is none of those. @default a list names no empty ones
 */
export async function placesIn(
  list: ListPlaces,
  known: readonly string[],
  holds: (prefix: string) => Promise<boolean> = async () => true,
): Promise<PlacesFact> {
  const above = new Set(known.flatMap(ancestorsOf));
  const isKnown = (prefix: string) => known.includes(prefix);
  return await walk("");

  async function walk(prefix: string): Promise<PlacesFact> {
    const { objects, prefixes, cut } = await level(list, prefix);
    const deeper = await Promise.all(prefixes.filter((one) => above.has(one)).map(walk));
    const ends = prefixes.filter((one) => !above.has(one));
    const held = await Promise.all(ends.map((one) => isKnown(one) || holds(one)));
    return {
      told: [...objects, ...ends.filter((_, at) => held[at]), ...deeper.flatMap(({ told }) => told)],
      cut: cut || deeper.some((one) => one.cut),
    };
  }
}

async function level(list: ListPlaces, prefix: string): Promise<Omit<PlacesPage, "next"> & { cut: boolean }> {
  const objects = new Set<string>();
  const prefixes = new Set<string>();
  let next: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await list(prefix, next);
    for (const one of page.objects) objects.add(one);
    // A page may end within a prefix, and the next one tell of it again.
    for (const one of page.prefixes) prefixes.add(one);
    next = page.next || undefined;
    const cut = next !== undefined && objects.size + prefixes.size > mostTold;
    if (next === undefined || cut) return { objects: [...objects], prefixes: [...prefixes], cut };
  }
  throw new Error(`the pages of what lies beneath "${prefix}" do not end`);
}

/** Without itself: what is listed to see it. */
function ancestorsOf(prefix: string): string[] {
  const parts = prefix.split("/").slice(0, -2);
  return parts.map((_, at) => `${parts.slice(0, at + 1).join("/")}/`);
}
