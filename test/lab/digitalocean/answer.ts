import { randomUUID } from "node:crypto";

/** What the server sends back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function json(status: number, body: unknown): Answer {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status, headers, body: JSON.stringify(body) };
}

export const noContent: Answer = {
  status: 204,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: "",
};

/** Ids and messages as the API gives them, or where that is not known, as it documents them. */
const errors: Readonly<Record<number, readonly [id: string, message: string]>> = {
  400: ["bad_request", "error parsing request body"],
  401: ["Unauthorized", "Unable to authenticate you"],
  403: ["Forbidden", "You are not authorized to perform this operation"],
  404: ["not_found", "The resource you were accessing could not be found."],
  422: ["unprocessable_entity", "request payload validation failed"],
  429: ["too_many_requests", "API rate limit exceeded."],
  500: ["server_error", "Unexpected server-side error"],
  503: ["service_unavailable", "Server Temporarily Unavailable"],
};

export function failure(status: number, message?: string, id?: string): Answer {
  const [usualId, usualMessage] = errors[status] ?? ["error", "an injected fault"];
  return json(status, {
    id: id ?? usualId,
    message: message ?? usualMessage,
    request_id: randomUUID(),
  });
}

/** The order, or whatever else was sent, cannot be done as it is. */
export function unprocessable(message: string): Answer {
  return failure(422, message);
}
