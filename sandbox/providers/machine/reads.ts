/** What the fronts that answer a cloud's reads of kept resources share. */
import { isProperties, type Properties, type Value } from "./values.ts";

export interface ReadRequest {
  method: string;
  /** Path and query, as they came. */
  url: string;
}

export interface ReadAnswer {
  status: number;
  body: object;
}

export const object = (value: Value | undefined): Properties => (isProperties(value) ? value : {});
export const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
