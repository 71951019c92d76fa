// A client of the Co-Work-Care REST API: every path, parameter, body and answer is typed from the OpenAPI document.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, paths };
export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Coworkcare = Client<paths>;

export interface Options {
  /** Where the installation answers, for example `https://coworkcare.region.example`. */
  baseUrl: string;
  /** Gives the token to call with; asked before each call, so that it can be renewed. */
  token: () => string | Promise<string>;
}

/** A client that bears a token and makes every write safe to retry. */
export function connect(options: Options): Coworkcare {
  const client = createClient<paths>({ baseUrl: options.baseUrl });
  client.use({
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await options.token()}`);
      if (request.method !== "GET" && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      return request;
    },
  });
  return client;
}

/** A call that was refused; `problem.reason` is the code to act on. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.reason}: ${problem.detail}`);
  }
}

/** Gives what a call answered, or throws why it was refused. */
export function answered<T>(result: { data?: T; error?: Problem }): T {
  if (result.error !== undefined) {
    throw new Refusal(result.error);
  }
  return result.data as T;
}

/** Reads a list page by page: `for await (const page of pages((pageToken) => api.GET(…)))`. */
export async function* pages<T extends { nextPageToken: string }>(
  read: (pageToken: string) => Promise<{ data?: T; error?: Problem }>,
): AsyncGenerator<T, void, undefined> {
  let pageToken = "";
  do {
    const page = answered(await read(pageToken));
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** One event of a stream; `id` is the cursor to go on from. */
export interface StreamEvent {
  id: string;
  type: string;
  data: string;
}

/** Reads Server-Sent Events from the body of a `:watch`, asked for with `Accept: text/event-stream` and `parseAs: "stream"`. */
export async function* events(stream: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  let id = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      const parts = (rest + value).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        let type = "message";
        const data: string[] = [];
        for (const line of part.split("\n")) {
          const [, field = "", text = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
          if (field === "id") id = text;
          if (field === "event") type = text;
          if (field === "data") data.push(text);
        }
        if (data.length > 0) {
          yield { id, type, data: data.join("\n") };
        }
      }
    }
  } finally {
    await reader.cancel();
  }
}
