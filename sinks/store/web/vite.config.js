// SPDX-License-Identifier: MIT
import {defineConfig} from 'vite';

// `npm run dev` shows the sources with the API of a running store sink: BUILDBUS_API=http://127.0.0.1:8080
const api = process.env.BUILDBUS_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
	esbuild: {jsx: 'automatic', jsxImportSource: 'preact'},
	server: {proxy: {'/api': api, '/badge': api}},
	build: {
		target: ['chrome123', 'firefox128', 'safari17.5'],
		assetsInlineLimit: 0,
		modulePreload: false,
		reportCompressedSize: false,
	},
});
