// One HTTP call, and the same call again until it works or cannot. Same origin only.
// Knows nothing of captures; `client.ts` names the endpoints.

import { problemCode } from "./parse.ts";

/** The part of `fetch` this needs; tests hand in a server that lives in memory. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** How to wait; tests hand in one that does not. Rejects when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** One request. */
export type Call = {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly token: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly timeoutMs: number;
};

/** The server said no. `code` is the stable code of its problem document. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`the server answered ${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** No answer came. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** What the calls of one capture share. */
export type Transport = {
  readonly fetch: FetchLike;
  readonly sleep: Sleep;
  /** Between 0 and 1; spreads the retries of many pages. */
  readonly random: () => number;
};

// Limit: six tries, 0.3 s doubling to 4.8 s: about ten seconds of a broken network.
const TRIES_MAX = 6;
const BACKOFF_FIRST_MS = 300;

/** Status codes that may change by themselves. */
const PASSING: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Makes the call once. Resolves to the JSON body; throws `Refusal` or `NoAnswer`. */
export async function callOnce(
  transport: Transport,
  call: Call,
  signal: AbortSignal,
): Promise<unknown> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  const timer = setTimeout(stop, call.timeoutMs);
  signal.addEventListener("abort", stop);
  try {
    const response = await transport.fetch(call.url, {
      method: call.method,
      headers: headersOf(call),
      signal: limit.signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const json: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new Refusal(response.status, problemCode(json));
    return json;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new NoAnswer("no answer from the server", { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function headersOf(call: Call): Record<string, string> {
  return {
    accept: "application/json",
    ...(call.token === null ? {} : { authorization: `Bearer ${call.token}` }),
    ...call.headers,
  };
}

/** Whether the same call may succeed later. */
export function isPassing(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof Refusal && PASSING.includes(error.status));
}

/**
 * Makes a call that is safe to repeat until it is answered for good. `again` may name further
 * refusals worth another try.
 */
export async function callAgain(
  transport: Transport,
  call: Call,
  signal: AbortSignal,
  again: (error: unknown) => boolean = isPassing,
): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await callOnce(transport, call, signal);
    } catch (error) {
      if (signal.aborted || tries >= TRIES_MAX || !again(error)) throw error;
    }
    const wait = BACKOFF_FIRST_MS * 2 ** (tries - 1);
    await transport.sleep(wait * (0.75 + transport.random() / 2), signal);
  }
}

/** The browser's own transport. */
export function browserTransport(): Transport {
  return {
    fetch: (url, init) => fetch(url, init),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          clearTimeout(timer);
          reject(new NoAnswer("stopped"));
        };
        const timer = setTimeout(() => {
          signal.removeEventListener("abort", stop);
          resolve();
        }, ms);
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop, { once: true });
      }),
    random: () => Math.random(),
  };
}
