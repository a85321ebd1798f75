// A random name for this browser, so that a server can tell one device that begins fifty times
// from fifty devices. It says nothing about the device or the person, and goes to no other site.

const KEY = "zhenren_device_id";
const FORM = /^[0-9a-f]{32}$/;

/** The kept name, a new one when there is none, null where the browser keeps nothing. */
export function deviceId(openStorage: () => Storage): string | null {
  try {
    const storage = openStorage();
    const kept = storage.getItem(KEY);
    if (kept !== null && FORM.test(kept)) return kept;
    const made = hex(crypto.getRandomValues(new Uint8Array(16)));
    storage.setItem(KEY, made);
    // Some private modes take everything and keep nothing; a name that changes counts for nobody.
    return storage.getItem(KEY) === made ? made : null;
  } catch {
    return null;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
