/** What a history cannot tell is no answer, and no fault of the plane's either. */
export class NotTold extends Error {
  override readonly name = "NotTold";
}
