// Gives a recruiter and a candidate a virtual number, by the types that were generated here.

import createClient from "openapi-fetch";

import type { components, paths } from "./relay.js";

const { RELAY, KEY } = process.env;
const relay = createClient<paths>({
  baseUrl: RELAY,
  headers: { Authorization: `Bearer ${KEY}` },
});

/** The answer; a problem ends the program. Its `code` stays, its `detail` is for people. */
function expect<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.code}: ${answer.error?.detail}`);
  }
  return answer.data;
}

const session = expect(
  await relay.POST("/v1/sessions", {
    body: {
      recruiter: { ref: "r-1001", phone: "+12125550101", name: "Rita Reyes" },
      candidate: { ref: "c-77", phone: "+13105550127" },
      context: "Backend engineer",
    },
  }),
);
console.log(`${session.recruiter} taps ${session.dial}`);
console.log(`${session.candidate} dials ${session.virtual_number}`);

const same = expect(
  await relay.GET("/v1/sessions/{session_id}", { params: { path: { session_id: session.id } } }),
);
console.log(`open until ${same.expires_at.slice(0, 10)}, about: ${same.context}`);
const found = expect(
  await relay.GET("/v1/sessions", {
    params: { query: { recruiter: "r-1001", status: "open" } },
  }),
);
console.log(`open sessions of r-1001: ${found.data.length}`);
