// Tells the page that opened this one, in a frame or a window, how the capture ended.
// Invariant: the message goes to one named origin, never to "*".

/** What a host hears. `verify_result` is for its back end; it says nothing by itself. */
export type HostMessage = {
  readonly source: "zhenren";
  readonly state: string;
  readonly verify_result: string | null;
  readonly errcode: number;
};

/** The origin to tell: the one the link names, else the referrer's, else our own. */
export function hostOrigin(named: string | null, referrer: string, own: string): string {
  return webOrigin(named) ?? webOrigin(referrer) ?? own;
}

function webOrigin(candidate: string | null): string | null {
  try {
    const { origin, protocol } = new URL(candidate ?? "");
    return protocol === "https:" || protocol === "http:" ? origin : null;
  } catch {
    return null;
  }
}

/** Sends the message to the opener and the parent, where there are any. */
export function tellHost(message: HostMessage, origin: string): void {
  if (window.parent !== window) window.parent.postMessage(message, origin);
  const opener: unknown = window.opener;
  if (opener !== null && typeof opener === "object" && "postMessage" in opener) {
    (opener as Window).postMessage(message, origin);
  }
}
