// Request bodies against the schema of the REST API: check.js SPEC SCHEMA FILE, a body a line of FILE.
// Prints `N valid, N invalid`; the first complaints on stderr.
// SPDX-License-Identifier: MIT
'use strict';
const fs = require('fs');
const Ajv = require('ajv');

const [spec, schema, file] = process.argv.slice(2);
const ajv = new Ajv({ strict: false, allErrors: true });
const api = JSON.parse(fs.readFileSync(spec, 'utf8'));

ajv.addSchema(api, 'api');
const validate = ajv.getSchema('api#/components/schemas/' + schema);
if (!validate) throw new Error('no schema ' + schema);

let valid = 0;
let invalid = 0;
for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
	if (!line) continue;
	if (validate(JSON.parse(line))) {
		valid++;
	} else if (invalid++ === 0) {
		console.error(JSON.stringify(validate.errors.slice(0, 3)));
	}
}
console.log(valid + ' valid, ' + invalid + ' invalid');
