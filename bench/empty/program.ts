import "@pulumi/aws";
import "@pulumi/kubernetes";
import "@pulumi/pulumi";

export default async () => ({});
