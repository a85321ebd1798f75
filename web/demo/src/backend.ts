// The demo back end by name: the three calls this page makes, parsed at the door.

/** One call the tenant's server made, secrets left out. */
export type SeenCall = {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly response: unknown;
};

/** A started verification. */
export type Started = { readonly captureUrl: string; readonly calls: readonly SeenCall[] };

/** An answer that was read back. */
export type Answer = {
  readonly getinfo: unknown;
  readonly verification: unknown;
  readonly calls: readonly SeenCall[];
};

/** The server said no, in a sentence for the person at the page. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Enrols a person; resolves to the id and whether an earlier photo was replaced. */
export async function enrol(
  name: string,
  idNumber: string,
  photo: string,
): Promise<{ readonly id: string; readonly replaced: boolean }> {
  const json = await post("/demo/api/people", { name, id_number: idNumber, photo });
  return { id: String(json["id"] ?? ""), replaced: json["replaced"] === true };
}

/** Starts a verification of an enrolled person. */
export async function start(name: string, idNumber: string): Promise<Started> {
  const json = await post("/demo/api/start", { name, id_number: idNumber });
  return { captureUrl: String(json["capture_url"] ?? ""), calls: callsOf(json["calls"]) };
}

/** Reads the answer back. */
export async function readAnswer(verifyResult: string): Promise<Answer> {
  const json = await post("/demo/api/result", { verify_result: verifyResult });
  return {
    getinfo: json["getinfo"] ?? null,
    verification: json["verification"] ?? null,
    calls: callsOf(json["calls"]),
  };
}

/** A JSON object's fields; empty for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function callsOf(value: unknown): readonly SeenCall[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => {
    const call = fieldsOf(item);
    const request = fieldsOf(call["request"]);
    return {
      method: String(request["method"] ?? "GET"),
      path: String(request["path"] ?? ""),
      body: request["body"] ?? null,
      response: call["response"] ?? null,
    };
  });
}

async function post(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  const json = fieldsOf(await response.json().catch(() => null));
  if (!response.ok) {
    throw new Refused(String(json["detail"] ?? json["title"] ?? response.status));
  }
  return json;
}

/** The call as a command a person can run; the appid's secret stays a placeholder. */
export function curlOf(call: SeenCall, origin: string): string {
  const lines = [
    `curl -s ${call.method === "GET" ? "" : `-X ${call.method} `}'${origin}${call.path}'`,
  ];
  if (call.body !== null)
    lines.push(`  -d '${JSON.stringify(call.body).replaceAll("'", "'\\''")}'`);
  return lines.join(" \\\n");
}
