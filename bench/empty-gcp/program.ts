import "@pulumi/gcp";
import "@pulumi/kubernetes";
import "@pulumi/pulumi";
import "@pulumi/tls";

export default async () => ({});
