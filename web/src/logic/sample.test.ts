import { expect, test } from "vitest";
import { sampleOf, wholeLines } from "./sample";

const bytes = (text: string) => new TextEncoder().encode(text);
const KIB = 1024;
// The first file in it, behind the 30 bytes of its header.
const zip = (name: string) => new Uint8Array([0x50, 0x4b, 3, 4, ...new Uint8Array(26), ...bytes(name)]);

test("ends with a line", () => {
  expect(wholeLines(bytes("a\nb\nc"))).toBe(4);
  expect(wholeLines(bytes("a\nb\n"))).toBe(4);
  expect(wholeLines(bytes("abc"))).toBe(3);
});

test("a small file is its own sample", async () => {
  const file = new Blob(["id\n1\n2"]);
  expect(await sampleOf(file)).toEqual({ bytes: file, whole: true });
});

test("of a large one there are the first lines", async () => {
  const line = `${"x".repeat(999)}\n`;
  const sample = await sampleOf(new Blob([line.repeat(1000)]));
  if (sample.bytes === null) throw new Error(sample.why);
  expect(sample.whole).toBe(false);
  expect(sample.bytes.size).toBe(Math.floor((256 * KIB) / 1000) * 1000);
});

test.each([
  ["a JSON document", bytes(`  [${"1,".repeat(200 * KIB)}`)],
  ["gzip", new Uint8Array([0x1f, 0x8b, ...new Uint8Array(300 * KIB)])],
  ["a workbook", new Uint8Array([...zip("[Content_Types].xml"), ...new Uint8Array(300 * KIB)])],
  ["UTF-16", new Uint8Array([0xff, 0xfe, ...new Uint8Array(300 * KIB)])],
])("%s is looked at whole, up to a size", async (_, content) => {
  const sample = await sampleOf(new Blob([content]));
  expect(sample.bytes?.size).toBe(content.length);
  const large = await sampleOf(new Blob([content, new Uint8Array(4 * KIB * KIB)]));
  expect(large.bytes).toBeNull();
});

test("NDJSON is cut like text", async () => {
  const sample = await sampleOf(new Blob(['{"id": 1}\n'.repeat(100 * KIB)]));
  expect(sample).toMatchObject({ whole: false });
});


test("of an archive of files there is none", async () => {
  const sample = await sampleOf(new Blob([zip("2024/people.csv")]));
  expect(sample.bytes === null && sample.why).toMatch(/^This is an archive/);
});
