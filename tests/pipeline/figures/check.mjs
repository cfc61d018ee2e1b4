// What the server answers beside what follows from the truth, and each answer beside docs/openapi.json.
// SPDX-License-Identifier: MIT

const MOST_TOLD = 12;

export class Check {
	constructor(base, judge) {
		this.base = base;
		this.judge = judge; // of (method, path template, status, type, body): null, or what is wrong
		this.compared = 0;
		this.answers = 0;
		this.differences = [];
	}

	differ(text) {
		this.differences.push(text);
	}

	same(what, got, wanted) {
		this.compared++;
		const close =
			typeof got === "number" && typeof wanted === "number" && Math.abs(got - wanted) < 1e-9 * Math.max(1, Math.abs(wanted));
		if (!close && JSON.stringify(got) !== JSON.stringify(wanted)) {
			this.differ(`${what} is ${JSON.stringify(got)?.slice(0, 300)}, in truth ${JSON.stringify(wanted)?.slice(0, 300)}`);
		}
	}

	async fetch(path, options) {
		this.answers++;
		return fetch(this.base + path, options);
	}

	// template: the path as docs/openapi.json writes it.
	async json(template, path, status = 200) {
		const answer = await this.fetch(path);
		const body = await answer.json();

		this.same(`the status of ${path}`, answer.status, status);
		const wrong = this.judge?.("get", template, answer.status, "application/json", body);
		if (wrong) this.differ(`${path} is not as docs/openapi.json says: ${wrong}`);
		return body;
	}

	async text(path, status = 200) {
		const answer = await this.fetch(path);

		this.same(`the status of ${path}`, answer.status, status);
		return answer.text();
	}

	end() {
		for (const difference of this.differences.slice(0, MOST_TOLD)) console.log(difference);
		console.log(`${this.compared} figures in ${this.answers} answers, ${this.differences.length} differ`);
		return this.differences.length === 0 && this.compared > 0 ? 0 : 1;
	}
}
