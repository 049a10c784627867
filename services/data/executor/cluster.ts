/** What the executor asks of Kubernetes: a port, so that rules are tested without a cluster. */
import type { V1Pod } from "@kubernetes/client-node";
import type { TaskAction, TaskActionStatus } from "./task-action.ts";

export interface Cluster {
  /** @returns false when one of that name exists. @throws InvalidTaskError when the API server refuses its content. */
  createAction(action: TaskAction): Promise<boolean>;
  readAction(namespace: string, name: string): Promise<TaskAction | undefined>;
  /** @throws StaleError when the resource has changed since it was read. */
  writeStatus(action: TaskAction, status: TaskActionStatus): Promise<TaskAction>;
  labelAction(action: TaskAction, labels: Record<string, string>): Promise<TaskAction>;
  /** Takes our finalizer off: nothing more is to be told of it. @throws StaleError */
  releaseAction(action: TaskAction, labels?: Record<string, string>): Promise<TaskAction>;
  /** Pods and children go first. Does nothing when it is gone. */
  deleteAction(namespace: string, name: string): Promise<void>;

  readPod(namespace: string, name: string): Promise<V1Pod | undefined>;
  /** @throws InvalidTaskError when admission refuses it, NoRoomError when the namespace's quota is used up. */
  createPod(pod: V1Pod): Promise<"created" | "exists">;
  /** Ends its containers and keeps the pod, and so its log. */
  stopPod(namespace: string, name: string): Promise<void>;
  deletePod(namespace: string, name: string): Promise<void>;
}

/** The cached resource was old; the change that made it so is on its way. */
export class StaleError extends Error {
  constructor() {
    super("the resource has changed since it was read");
    this.name = "StaleError";
  }
}

export class NoRoomError extends Error {
  /** Why the namespace takes no pod at all, in words for the task's author; else undefined. */
  readonly closed: string | undefined;

  constructor(message: string, closed?: string) {
    super(message);
    this.name = "NoRoomError";
    this.closed = closed;
  }
}
