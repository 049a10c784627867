import { expect, it } from "vitest";
import { listEntries } from "./logging.ts";

const view = "projects/acme-data/locations/europe-west4/buckets/task-logs/views/task-logs";

it("lets who may read the view find nothing, and asks IAM for every view that is named", () => {
  const asked: unknown[] = [];
  const only = (question: { name: string }) => {
    asked.push(question);
    return question.name === view;
  };
  expect(listEntries({ resourceNames: [view] }, only)).toMatchObject({ status: 200, body: "{}" });
  expect(asked).toEqual([{ permissions: ["logging.views.access"], policies: [view], name: view }]);
  expect(listEntries({ resourceNames: [view, `${view}-2`] }, only).status).toBe(403);
});

it.each([{}, { resourceNames: [] }, { resourceNames: ["projects/acme-data"] }])("refuses %j", (body) => {
  expect(listEntries(body, () => true).status).toBe(400);
});
