// The auth emulator of firebase-tools alone: auth.js PROJECT --ready-fd N
// SPDX-License-Identifier: MIT
'use strict';
const fs = require('fs');
const { createApp } = require('firebase-tools/lib/emulator/auth/server');

const project = process.argv[2];
const readyFd = Number(process.argv[4]);

createApp(project).then((app) => {
	const server = app.listen(0, '127.0.0.1', () => {
		fs.writeSync(readyFd, server.address().port + '\n');
	});
});
