// What was sent to BigQuery, against the schemas of its REST API, and the SQL of views by a parser of BigQuery's
// dialect: check.js SPEC FILE, a line a request of FILE: METHOD PATH BODY. Prints
// `N valid, N invalid, N controls of N refused, N queries`; the first complaints on stderr.
// SPDX-License-Identifier: MIT
'use strict';
const fs = require('fs');
const Ajv = require('ajv');
const { Parser } = require('node-sql-parser');

const [spec, file] = process.argv.slice(2);
const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
ajv.addSchema(JSON.parse(fs.readFileSync(spec, 'utf8')), 'api');

const schemas = [
	[/\/datasets$/, 'Dataset'],
	[/\/tables(\/[^/]+)?$/, 'Table'],
	[/\/insertAll$/, 'TableDataInsertAllRequest'],
	[/\/jobs$/, 'Job'],
	[/\/queries$/, 'QueryRequest'],
];

function validator(path) {
	const found = schemas.find(([pattern]) => pattern.test(path));
	const validate = found && ajv.getSchema('api#/definitions/' + found[1]);
	if (!validate) throw new Error('no schema for ' + path);
	return validate;
}

function parse(sql) {
	new Parser().astify(sql, { database: 'BigQuery' });
}

let valid = 0;
let invalid = 0;
let controls = 0;
let refused = 0;
let queries = 0;
for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
	if (!line) continue;
	const [, path, text] = line.match(/^\S+ (\S+) (.*)$/);
	const body = JSON.parse(text);
	const validate = validator(path);
	if (validate(body)) {
		valid++;
	} else if (invalid++ === 0) {
		console.error(path, JSON.stringify(validate.errors.slice(0, 3)));
	}
	// The same with a member that no schema knows: a schema that lets it pass proves nothing.
	controls++;
	if (!validate({ ...body, membrer: 1 })) refused++;
	if (body.view) {
		parse(body.view.query);
		queries++;
	}
}
let nonsense = false;
try {
	parse('SELECT FROM WHERE (');
} catch {
	nonsense = true;
}
if (!nonsense) throw new Error('the parser takes anything');
console.log(`${valid} valid, ${invalid} invalid, ${refused} of ${controls} controls refused, ${queries} queries`);
