import pc from "picocolors";

/**
 * Colours for what a person reads at a terminal, unless they refuse them (NO_COLOR). What a pipe, a file or CI's log gets
 * is plain, which the library itself would colour where CI is set: it is searched and compared.
 */
export function coloursFor({ isTTY }: { isTTY?: boolean }) {
  const { NO_COLOR, TERM } = process.env;
  return pc.createColors(isTTY === true && !NO_COLOR && TERM !== "dumb");
}
