/**
 * Can a principal reach an action on a resource: directly, by opening the store, or by first becoming somebody else?
 * The search keeps a hand of principals and adds to it until nothing new comes; what it answers is a witness or, for
 * the rules that it knows, their exhaustion.
 */
import type { PolicyDocument } from "../iam-policy.ts";
import type { Context } from "./glob.ts";
import { Hand, type Held, type Permission } from "./held.ts";
import { opening } from "./open-store.ts";
import { type Taken, takeOvers } from "./take-over.ts";
import { widen } from "./widen.ts";
import type { Entity, World } from "./world.ts";

export interface Goal {
  action: string;
  resource: string;
  /** Values of the request, by key in lower case; null for absent. What is left out is not known. */
  context?: Context;
}

export interface Reach {
  /** `possibly`: only if what stands in `provided` holds. */
  reached: "yes" | "possibly" | "no";
  /** Steps from the first to the last. */
  path: readonly string[];
  provided: readonly string[];
  /** Questions that were asked of the policies. */
  examined: number;
}

/** Far above what any account of ours needs; a search that hits it says so instead of answering. */
const maxHeld = 2000;

/** @throws Error for a principal that the world does not hold, and when the search grows past all measure */
export function reach(world: World, principalArn: string, goal: Goal): Reach {
  return reachOf(world, principalArn)(goal);
}

/**
 * As `reach`, for many goals of one principal: whom it can become is looked for once, since no goal changes it.
 * @throws Error for a principal that the world does not hold
 */
export function reachOf(world: World, principalArn: string): (goal: Goal) => Reach {
  const start = world.entities.find(({ arn }) => arn === principalArn);
  if (!start) throw new Error(`no principal ${principalArn} in account ${world.account}`);
  const surely = new Growth(world, start, false);
  const possibly = new Growth(world, start, true);
  return (goal) => {
    const sure = search(surely, goal);
    if (sure.reached === "yes") return sure;
    const perhaps = search(possibly, goal);
    return { ...perhaps, examined: sure.examined + perhaps.examined };
  };
}

/** Words for a report. */
export function tell({ reached, path, provided, examined }: Reach): string {
  if (reached === "no") return `none, ${examined} paths examined`;
  const way = path.join(" → ");
  return reached === "yes" ? way : `${way}, provided: ${provided.join("; ")}`;
}

function search(growth: Growth, goal: Goal): Reach {
  const { world, lenient } = growth;
  const hand = new Hand(world, lenient);
  let examined = 0;
  for (const round of growth.rounds()) {
    for (const held of round.held) hand.take(held);
    examined = round.examined;
    const found = arrive(hand, goal);
    if (found) return { reached: lenient ? "possibly" : "yes", ...found, examined: examined + hand.examined };
  }
  return { reached: "no", path: [], provided: [], examined: growth.examined + hand.examined };
}

interface Round {
  /** Who came in it. */
  held: readonly Held[];
  /** Questions asked until then. */
  examined: number;
}

/** Everybody whom one principal can become, found round by round, only as far as somebody asks. */
class Growth {
  readonly world: World;
  readonly lenient: boolean;
  readonly #hand: Hand;
  readonly #rounds: Round[];
  #whole = false;

  constructor(world: World, start: Entity, lenient: boolean) {
    this.world = world;
    this.lenient = lenient;
    this.#hand = new Hand(world, lenient);
    this.#hand.take({ entity: start, key: stateOf(start), path: [], provided: [] });
    this.#rounds = [{ held: [...this.#hand.held.values()], examined: 0 }];
  }

  get examined(): number {
    return this.#hand.examined;
  }

  *rounds(): Iterable<Round> {
    for (let at = 0; ; at++) {
      if (at === this.#rounds.length && !this.#grow()) return;
      yield this.#rounds[at] as Round;
    }
  }

  /** One round of every rule. @returns whether anybody was added */
  #grow(): boolean {
    if (this.#whole) return false;
    const hand = this.#hand;
    const before = hand.held.size;
    for (const rule of [...takeOvers, widen]) {
      for (const taken of [...rule(hand, this.world)]) hand.take(heldFrom(taken));
    }
    if (hand.held.size > maxHeld) throw new Error(`the search holds more than ${maxHeld} principals`);
    this.#whole = hand.held.size === before;
    if (!this.#whole) this.#rounds.push({ held: [...hand.held.values()].slice(before), examined: hand.examined });
    return !this.#whole;
  }
}

function arrive(hand: Hand, { action, resource, context = {} }: Goal): Pick<Reach, "path" | "provided"> | undefined {
  const direct = hand.may(action, resource, context);
  if (direct) return walked([direct], `${direct.by.entity.arn}: ${action} ${resource}`);
  const opened = opening(hand, action, resource);
  return opened && walked([opened.by], `${opened.by.by.entity.arn}: ${opened.step}`);
}

function heldFrom({ entity, by, step }: Taken): Held {
  return { entity, key: stateOf(entity), ...walked(by, `${by.at(-1)?.by.entity.arn}: ${step}`) };
}

/** The same rights, however they were come by, are one state: else every order of steps would be a state of its own. */
function stateOf({ arn, inline, attached, boundary, groups = [] }: Entity): string {
  const ids = [inline, attached].map((policies) => [...new Set(policies.map(({ document }) => idOf(document)))].sort());
  return JSON.stringify([arn, ...ids, boundary ? idOf(boundary.document) : null, [...groups].sort()]);
}

const ids = new WeakMap<PolicyDocument, number>();
let lastId = 0;

function idOf(document: PolicyDocument): number {
  const id = ids.get(document) ?? ++lastId;
  ids.set(document, id);
  return id;
}

/** The ways of all who take part, then the step itself. */
function walked(by: readonly Permission[], step: string): Pick<Held, "path" | "provided"> {
  return {
    path: [...new Set([...by.flatMap(({ by: who }) => who.path), step])],
    provided: [...new Set(by.flatMap(({ by: who, undecided }) => [...who.provided, ...undecided]))],
  };
}
