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

// What the first part of a document is called, a workbook's above all (as begins_as_document() of the server has it).
const DOCUMENT_PARTS = ["[Content_Types].xml", "_rels/", "docProps/", "xl/", "word/", "ppt/", "customXml/", "mimetype"];
const NAME_AT = 30; // behind the header of an archive's first file

export function isArchiveOfFiles(head: Uint8Array): boolean {
  const isZip = [0x50, 0x4b, 0x03, 0x04].every((byte, at) => head[at] === byte);
  const name = new TextDecoder().decode(head.subarray(NAME_AT, NAME_AT + 32));
  return isZip && !DOCUMENT_PARTS.some((part) => name.startsWith(part));
}

// Up to the last line end within `bytes`; all of it where there is none.
export function wholeLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(0x0a);
  return end < 0 ? bytes.length : end + 1;
}

export async function sampleOf(file: Blob): Promise<Sample> {
  if (isArchiveOfFiles(new Uint8Array(await file.slice(0, NAME_AT + 32).arrayBuffer())))
    return { bytes: null, why: "This is an archive. Each file in it is loaded as if it had been sent by itself, and is checked then." };
  if (file.size <= SAMPLE_BYTES) return { bytes: file, whole: true };
  const head = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  if (canBeCut(head)) return { bytes: file.slice(0, wholeLines(head)), whole: false };
  if (file.size <= WHOLE_BYTES) return { bytes: file, whole: true };
  return { bytes: null, why: "This file is compressed or one large document, which cannot be looked at in part. It is checked as it is loaded." };
}
