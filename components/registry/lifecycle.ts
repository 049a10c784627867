/** What the registry clears away by itself. A tagged image stays: tags never move, and a run may name one for ever. */
export const untaggedDays = 14;

export function renderImageLifecycle() {
  return {
    rules: [
      {
        rulePriority: 1,
        description: `Images without a tag, ${untaggedDays} days after their push`,
        selection: {
          tagStatus: "untagged",
          countType: "sinceImagePushed",
          countUnit: "days",
          countNumber: untaggedDays,
        },
        action: { type: "expire" },
      },
    ],
  };
}
