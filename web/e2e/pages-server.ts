// Serves the built pages alone, under the server's content security policy, for tests of screens
// that need no server behind them. The capture calls are answered by the test itself.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";

const DIST = new URL("../dist/", import.meta.url);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
};

/** A running server of pages. */
export type PagesServer = { readonly origin: string; readonly stop: () => void };

/** Serves `web/dist` on a free port of the loopback. */
export async function servePages(): Promise<PagesServer> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const name = ["/capture", "/demo"].includes(path) ? `${path}.html` : path;
    const file = fileURLToPath(new URL(`.${name}`, DIST));
    readFile(file).then(
      (body) => {
        response.writeHead(200, {
          "content-type": TYPES[file.split(".").at(-1) ?? ""] ?? "application/octet-stream",
          "content-security-policy": POLICY,
        });
        response.end(body);
      },
      () => {
        response.writeHead(404, { "content-type": "application/json" });
        response.end('{"code":"not_found"}');
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { origin: `http://127.0.0.1:${address.port}`, stop: () => server.close() };
}
