/** The task cannot become a pod, whoever tries and however often: its author must change it. */
export class InvalidTaskError extends Error {
  /** Read by the client to choose its exception. */
  readonly code: string;

  constructor(message: string, code = "InvalidSpec") {
    super(message);
    this.name = "InvalidTaskError";
    this.code = code;
  }
}
