// The beginning of a file that is looked at before it is sent.
const SAMPLE_BYTES = 256 * 1024;
const WHOLE_BYTES = 4 * 1024 * 1024; // a file that cannot be cut is looked at whole up to this

export type Sample = { bytes: Blob; whole: boolean } | { bytes: null; why: string };

// Compressed files, workbooks and JSON documents make no sense without their end.
function canBeCut(head: Uint8Array): boolean {
  const starts = (...bytes: number[]) => bytes.every((byte, at) => head[at] === byte);
  if (starts(0x1f, 0x8b) || starts(0x28, 0xb5, 0x2f, 0xfd) || starts(0x50, 0x4b)) return false;
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return false; // UTF-16: a line end is two bytes there
  const first = head.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
  return first !== 0x5b; // [
}

// Up to the last line end within `bytes`; all of it where there is none.
export function wholeLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(0x0a);
  return end < 0 ? bytes.length : end + 1;
}

export async function sampleOf(file: Blob): Promise<Sample> {
  if (file.size <= SAMPLE_BYTES) return { bytes: file, whole: true };
  const head = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  if (canBeCut(head)) return { bytes: file.slice(0, wholeLines(head)), whole: false };
  if (file.size <= WHOLE_BYTES) return { bytes: file, whole: true };
  return { bytes: null, why: "This file is compressed or one large document, which cannot be looked at in part. It is checked as it is loaded." };
}
