// Says what is wrong with the manifests of FILE, a line each, and exits with 1:
//   node kubernetes.mjs NODE_MODULES FILE
// Values against the API's schemas (npm kubernetes-models), names of fields by TypeScript against the API's types,
// what refers to what, and the restricted profile of the Pod Security Standards.
// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, file] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { parseAllDocuments } = require("yaml");

let wrong = 0;
function say(object, text) {
	wrong++;
	console.log(`${object.kind} ${object.metadata?.name}: ${text}`);
}

const objects = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS());
// kubectl breaks long lines of base64, which the API takes and the schema doesn't.
for (const { kind, data } of objects) {
	for (const key in data) data[key] = kind === "Secret" ? data[key].replace(/\s/g, "") : data[key];
}
const workloads = objects.filter((object) => object.spec?.template?.spec);

async function checkValues(object) {
	const url = `file://${modules}/kubernetes-models/${object.apiVersion}/${object.kind}.js`;
	try {
		const model = (await import(url))[object.kind];
		new model(object).validate();
	} catch (error) {
		say(object, error.code === "ERR_MODULE_NOT_FOUND" ? "the API has no such kind" : error.message);
	}
}

// A literal with a key that its type lacks is an error of TypeScript's.
function checkNames() {
	const folder = mkdtempSync(join(modules, "check-"));
	const lines = objects.map(({ apiVersion, kind }, i) => {
		const type = `import("kubernetes-models/${apiVersion}/${kind}").I${kind}`;
		return `export const object${i}: ${type} = ${JSON.stringify(objects[i])};`;
	});
	writeFileSync(join(folder, "check.ts"), lines.join("\n"));
	const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
	const run = spawnSync(process.execPath, [join(modules, "typescript/bin/tsc"), ...options, join(folder, "check.ts")], { encoding: "utf8" });
	rmSync(folder, { recursive: true });
	for (const [, line, text] of run.stdout.matchAll(/\((\d+),\d+\): (.*)/g)) {
		say(objects[line - 1], text);
	}
	const other = run.stdout.split("\n").filter((line) => line && !/\(\d+,\d+\): |^ /.test(line));
	if (other.length > 0) throw new Error(other.join("\n"));
}

const labelsOf = (workload) => workload.spec.template.metadata?.labels ?? {};
function selects(selector, labels) {
	const has = ({ key, operator, values }) => operator === "In" && values.includes(labels[key]);
	return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
		(selector?.matchExpressions ?? []).every(has);
}
const portsOf = (workload) => workload.spec.template.spec.containers.flatMap((c) => c.ports ?? []).map((p) => p.name);
const exists = (kind, name) => objects.some((object) => object.kind === kind && object.metadata.name === name);

function checkWorkload(workload) {
	const { volumes = [], containers } = workload.spec.template.spec;
	const claims = (workload.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name);
	if (!selects(workload.spec.selector, labelsOf(workload))) say(workload, "does not select its own pods");
	for (const { configMap, secret } of volumes) {
		if (configMap && !exists("ConfigMap", configMap.name)) say(workload, `no ConfigMap ${configMap.name}`);
		if (secret && !exists("Secret", secret.secretName)) say(workload, `no Secret ${secret.secretName}`);
	}
	for (const { volumeMounts = [], readinessProbe, livenessProbe } of containers) {
		const known = [...volumes.map((volume) => volume.name), ...claims];
		for (const mount of volumeMounts) if (!known.includes(mount.name)) say(workload, `no volume ${mount.name}`);
		for (const probe of [readinessProbe?.httpGet, livenessProbe?.tcpSocket]) {
			if (!portsOf(workload).includes(probe?.port)) say(workload, `a probe of no port: ${probe?.port}`);
		}
	}
}

// https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
function checkRestricted(workload) {
	const pod = workload.spec.template.spec;
	const is = (condition, text) => condition || say(workload, `not restricted: ${text}`);
	is(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, "host namespaces");
	is(pod.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser !== 0, "runAsNonRoot");
	is(["RuntimeDefault", "Localhost"].includes(pod.securityContext?.seccompProfile?.type), "seccompProfile");
	for (const volume of pod.volumes ?? []) {
		const kinds = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
		is(Object.keys(volume).every((key) => key === "name" || kinds.includes(key)), `volume ${volume.name}`);
	}
	for (const { securityContext: own, ports = [] } of [...(pod.initContainers ?? []), ...pod.containers]) {
		is(own?.allowPrivilegeEscalation === false, "allowPrivilegeEscalation");
		is(own?.capabilities?.drop?.includes("ALL"), "capabilities.drop");
		is((own?.capabilities?.add ?? []).every((name) => name === "NET_BIND_SERVICE"), "capabilities.add");
		is(!own?.privileged && own?.runAsUser !== 0, "privileged");
		is(ports.every((port) => !port.hostPort), "hostPort");
	}
}

function checkService(service) {
	const pods = workloads.filter((workload) => selects({ matchLabels: service.spec.selector }, labelsOf(workload)));
	if (pods.length !== 1) say(service, `selects ${pods.length} workloads`);
	for (const { targetPort } of service.spec.ports) {
		if (!pods.every((pod) => portsOf(pod).includes(targetPort))) say(service, `no port ${targetPort}`);
	}
}

function checkPolicy(policy) {
	const all = workloads.filter((workload) => selects(policy.spec.podSelector, labelsOf(workload)));
	if (all.length === 0) say(policy, "selects no pods");
	for (const rule of policy.spec.ingress ?? []) {
		for (const { port } of rule.ports) {
			if (!all.every((pod) => portsOf(pod).includes(port))) say(policy, `no port ${port}`);
		}
	}
}

await Promise.all(objects.map(checkValues));
checkNames();
workloads.forEach(checkWorkload);
workloads.forEach(checkRestricted);
objects.filter(({ kind }) => kind === "Service").forEach(checkService);
objects.filter(({ kind }) => kind === "NetworkPolicy").forEach(checkPolicy);
console.log(`${objects.length} objects, ${wrong} problems`);
process.exit(wrong ? 1 : 0);
