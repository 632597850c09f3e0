/** One call, from what came in to what goes out, with whatever fault it meets on its way. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, failure } from "./answer.ts";
import type { Faults, MetFault } from "./faults.ts";
import type { Rate } from "./rate.ts";
import { answerCall, type Services } from "./routes.ts";
import type { Call, FailedAnswer } from "./types.ts";

/** What a client gets: an answer, a connection that breaks, or nothing. */
type Outcome = Answer | "reset" | "nothing";

export function newExchange(
  services: Services,
  faults: Faults,
  rate: Rate,
  calls: Call[],
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { state, url: base } = services;

  /** All that the answer depends on is looked at, and all that is to be done is done, at once. */
  function perform(method: string, url: URL, secret: string, sent: Sent): Answer {
    const token = state.tokens.get(secret);
    if (token === undefined) return failure(401);
    const { refused, headers } = rate.count(secret);
    const answer = refused
      ? failure(429)
      : sent.valid
        ? answerCall(services, method, { token, url, body: sent.body })
        : failure(400);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  return async (request, response) => {
    const sent = readBody(Buffer.concat(await request.toArray()).toString());
    const url = new URL(request.url ?? "/", base);
    const method = request.method ?? "";
    const secret = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const owner = state.tokens.get(secret)?.owner ?? null;
    const path = url.pathname + url.search;
    const call: Call = { method, path, body: sent.body, owner, status: null };
    calls.push(call);
    const met = faults.take(method, url.pathname);
    const work = () => perform(method, url, secret, sent);
    const outcome = met === null ? work() : await fail(met, work);
    if (outcome === "nothing" || response.destroyed) return;
    if (outcome === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    call.status = outcome.status;
    const date = new Date(state.clock.now()).toUTCString();
    response.writeHead(outcome.status, { ...outcome.headers, date, "x-request-id": randomUUID() });
    response.end(outcome.body);
  };
}

interface Sent {
  readonly body: unknown;
  readonly valid: boolean;
}

function readBody(text: string): Sent {
  if (text === "") return { body: undefined, valid: true };
  try {
    const body: unknown = JSON.parse(text);
    return { body, valid: true };
  } catch {
    return { body: text, valid: false };
  }
}

async function fail({ fault, meet, released }: MetFault, work: () => Answer): Promise<Outcome> {
  const { how, when = "before" } = fault;
  if (how === "malformed") {
    const answer = work();
    meet();
    return { ...answer, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) };
  }
  const done = when === "after" ? work() : null;
  meet();
  switch (how) {
    case "reset":
      return "reset";
    case "abandon":
      return "nothing";
    case "hold":
      await released;
      return done ?? work();
    case "outage":
      return outage;
    default:
      return failed(how);
  }
}

/** From what stands before the API, which knows no JSON. */
const outage: Answer = {
  status: 503,
  headers: { "content-type": "text/html" },
  body: "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n",
};

function failed({ status, id, message, retryAfter }: FailedAnswer): Answer {
  const answer = failure(status, message, id);
  if (retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfter) } };
}
