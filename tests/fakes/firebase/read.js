// Documents as Google's own client reads them: read.js PROJECT COLLECTION, with FIRESTORE_EMULATOR_HOST.
// A line a document: id, then name:type=value of each field, in the order of the names.
// SPDX-License-Identifier: MIT
'use strict';
const { Firestore, Timestamp } = require('@google-cloud/firestore');

function told(value) {
	if (value === null) return 'null';
	if (value instanceof Timestamp) return 'timestamp=' + value.toDate().toISOString();
	if (typeof value === 'number') return 'double=' + value;
	if (typeof value === 'bigint') return 'integer=' + value;
	return typeof value + '=' + value;
}

async function main() {
	const firestore = new Firestore({ projectId: process.argv[2], useBigInt: true });
	const documents = await firestore.collection(process.argv[3]).get();
	for (const document of documents.docs) {
		const data = document.data();
		const fields = Object.keys(data).sort().map((name) => name + ':' + told(data[name]));
		console.log([document.id, ...fields].join('\t'));
	}
}

main().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
