/** Why an image does not come: because of what the task's author wrote, or because the registry or the node fails. */

/**
 * The container runtime's words for what passes without the author: a registry that does not answer, answers 5xx or is
 * asked too often, a network that is cut, a node without room. A host that does not exist is a typing error.
 */
const passing = [
  /time(d )?out\b/i,
  /\bdeadline exceeded\b/i,
  /\bconnection (refused|reset)\b/i,
  /\bbroken pipe\b/i,
  /\bno route to host\b/i,
  /\bnetwork is unreachable\b/i,
  /\bserver misbehaving\b/i,
  /\btemporary failure in name resolution\b/i,
  /\bunexpected EOF\b|: EOF\b/,
  /\b(429|5\d\d) [A-Z]/,
  /\btoo ?many ?requests\b/i,
  /\bno space left on device\b/i,
];

/** @returns whether another node or another time may well bring the image. */
export function mayPass(message: string): boolean {
  return passing.some((words) => words.test(message));
}
