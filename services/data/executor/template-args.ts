/** The `{{.name}}` places in a task's arguments, filled as the client's runtime expects (flyte-protocol.md section 5). */

export interface TemplateValues {
  /** Full URI of inputs.pb. */
  input: string;
  outputPrefix: string;
  rawOutputDataPrefix: string;
  checkpointOutputPrefix: string;
  /** Two quotation marks on the first attempt: what the client takes for "none". */
  prevCheckpointPrefix: string;
  runName: string;
  actionName: string;
  /** RFC 3339; left unfilled when unknown, which the client takes as the epoch. */
  runStartTime?: string;
}

/** Fills places that are known, whatever their letter case or inner spaces; leaves every other text as it is. */
export function fillTemplate(text: string, values: TemplateValues): string {
  const byName = new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
  return text.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (place, name: string) => byName.get(name.toLowerCase()) ?? place);
}

export interface AttemptPlace {
  runName: string;
  actionName: string;
  inputUri: string;
  runOutputBase: string;
  runStartTime?: string;
  /** From 1. */
  attempt: number;
}

/** @returns `<run base>/<action>/<attempt>`: each attempt writes in a folder of its own. */
export function outputPrefix(place: Pick<AttemptPlace, "runOutputBase" | "actionName">, attempt: number): string {
  return `${place.runOutputBase.replace(/\/+$/, "")}/${place.actionName}/${attempt}`;
}

export function templateValues(place: AttemptPlace): TemplateValues {
  const prefix = outputPrefix(place, place.attempt);
  return {
    // A root's input URI is a folder, a child's is the file itself.
    input: place.inputUri.endsWith("/inputs.pb") ? place.inputUri : `${place.inputUri.replace(/\/+$/, "")}/inputs.pb`,
    outputPrefix: prefix,
    rawOutputDataPrefix: prefix,
    checkpointOutputPrefix: checkpoints(prefix),
    prevCheckpointPrefix: place.attempt > 1 ? checkpoints(outputPrefix(place, place.attempt - 1)) : '""',
    runName: place.runName,
    actionName: place.actionName,
    ...(place.runStartTime === undefined ? {} : { runStartTime: place.runStartTime }),
  };
}

function checkpoints(prefix: string): string {
  return `${prefix}/_flytecheckpoints`;
}
