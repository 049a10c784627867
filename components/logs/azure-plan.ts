/** How long Log Analytics keeps; apart from what makes a workspace, so that settings are read without the SDK. */

/** Days; least and most of a workspace. Source: Azure Monitor, "Configure data retention". */
export const workspaceRetention = { least: 30, most: 730 } as const;
