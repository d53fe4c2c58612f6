// A name that nobody else has. crypto.randomUUID is not there where a page comes without TLS from another machine.
export function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
