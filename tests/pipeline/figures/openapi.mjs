// Whether an answer is as an OpenAPI 3.1 document says: by ajv, of npm.
// SPDX-License-Identifier: MIT
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";

const escape = (part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

// folder: where ajv is installed. The judge gives null, or what is wrong.
export function judgeOf(file, folder) {
	const require = createRequire(folder + "/");
	const Ajv = require("ajv/dist/2020").default;
	const document = JSON.parse(readFileSync(file, "utf8"));
	const ajv = new Ajv({strict: false, allErrors: false, formats: {int64: true, double: true, date: true, uri: true}});
	const kept = new Map();

	ajv.addSchema({...document, $id: "api"});
	const find = (method, path, status, type) => {
		const responses = document.paths[path]?.[method]?.responses;
		const given = responses?.[status] ?? responses?.default;

		if (!given) return null;
		const at = given.$ref ? given.$ref.slice(1) : `/paths/${escape(path)}/${method}/responses/${responses[status] ? status : "default"}`;
		const found = at.slice(1).split("/").reduce((value, part) => value[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")], document);
		return found.content?.[type] ? `api#${at}/content/${escape(type)}/schema` : null;
	};
	return (method, path, status, type, body) => {
		const at = find(method, path, status, type);

		if (!at) return `it has no ${method} ${path} with status ${status} and ${type}`;
		if (!kept.has(at)) kept.set(at, ajv.compile({$ref: at}));
		const validate = kept.get(at);
		return validate(body) ? null : ajv.errorsText(validate.errors);
	};
}
