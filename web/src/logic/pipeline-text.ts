// The text of a pipeline as a form sees it. The text is the only truth: a form shows what stands in it, and a change in the
// form is a change of the text. What is not changed keeps its place, its comments and its spelling.
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";

export type Path = readonly (string | number)[];

export interface Fault {
  line: number | null; // from 1 on
  column: number | null;
  message: string;
}

export interface PipelineText {
  // As JSON; a number that is written in another way than JSON would (0123) is the text that stands there. Null: it is no mapping.
  values: Readonly<Record<string, unknown>> | null;
  faults: Fault[]; // of YAML: the server is not asked about such a text
}

const parsed = (text: string, lines?: LineCounter): Document.Parsed => parseDocument(text, { keepSourceTokens: true, lineCounter: lines, uniqueKeys: true });

function plain(node: unknown, document: Document, depth = 0): unknown {
  if (depth > 100 || !isNode(node)) return null;
  if (isAlias(node)) return plain(node.resolve(document), document, depth + 1);
  if (isSeq(node)) return node.items.map((item) => plain(item, document, depth + 1));
  if (isMap(node)) return Object.fromEntries(node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), plain(value, document, depth + 1)]));
  if (!isScalar(node)) return null;
  if (typeof node.value === "number" && node.source !== undefined && String(node.value) !== node.source) return node.source;
  return node.value ?? null;
}

export function readPipeline(text: string): PipelineText {
  const lines = new LineCounter();
  const document = parsed(text, lines);
  const faults = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { line, column: col, message: message.split(" at line ")[0] ?? message };
  });
  if (faults.length > 0) return { values: null, faults };
  if (document.contents === null) return { values: {}, faults };
  const values = plain(document.contents, document);
  if (isMap(document.contents)) return { values: values as Record<string, unknown>, faults };
  return { values: null, faults: [{ line: 1, column: 1, message: "A pipeline is a mapping: lines of a key, a colon and a value." }] };
}

// Lists that stand directly below their key, and steps of four blanks, are written as they were.
function written(document: Document, like: string): string {
  const indented = /^( +)\S/m.exec(like.replaceAll(/^\s*(#.*)?$/gm, ""))?.[1]?.length ?? 2;
  return document.toString({
    lineWidth: 0,
    flowCollectionPadding: /\{ \S/.test(like),
    indent: indented === 4 ? 4 : 2,
    indentSeq: !/^([^\s#-][^\n]*):[^\S\n]*\n-(\s|$)/m.test(like),
  });
}

// Lines that writing anew would only have spelled in another way stay as they are: those before and after what was changed.
function keeping(before: string, rewritten: string, changed: string): string {
  const [old, same, next] = [before, rewritten, changed].map((text) => text.split("\n")) as [string[], string[], string[]];
  if (old.length !== same.length) return changed;
  let head = 0;
  while (head < same.length && head < next.length && same[head] === next[head]) ++head;
  let tail = 0;
  while (tail < same.length - head && tail < next.length - head && same.at(-1 - tail) === next.at(-1 - tail)) ++tail;
  return [...old.slice(0, head), ...next.slice(head, next.length - tail), ...old.slice(old.length - tail)].join("\n");
}

function changed(text: string, change: (document: Document) => void): string {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const document = parsed(before);
  if (document.errors.length > 0) return text;
  const rewritten = written(document, before);
  try {
    change(document);
  } catch {
    return text; // a mapping is wanted where another value stands: whoever wrote it mends it in the text
  }
  return keeping(before, rewritten, written(document, before));
}

// A list's new item is written as its siblings are: between braces, or a line for each key.
function likeSiblings(document: Document, list: Path, node: Node): Node {
  const sibling = (document.getIn(list) as { items?: Node[] } | undefined)?.items?.find((item) => isMap(item)) as YAMLMap | undefined;
  if (isMap(node)) node.flow = sibling === undefined ? true : sibling.flow;
  return node;
}

// A key without a value becomes a mapping where something is to be put below it.
function makeRoom(document: Document, path: Path): void {
  for (let length = 1; length < path.length; ++length) {
    const there = document.getIn(path.slice(0, length), true);
    if (isScalar(there) && there.value === null) document.setIn(path.slice(0, length), document.createNode({}));
  }
}

// Mappings that would say nothing any more go with their last key.
const KEPT_EMPTY = 1;

// `value` undefined takes it out.
export function withValue(text: string, path: Path, value: unknown): string {
  return changed(text, (document) => {
    if (value !== undefined) {
      makeRoom(document, path);
      const there = document.getIn(path, true);
      // What is scalar stays the same node, with its comment and its quotes.
      if (isScalar(there) && (typeof value !== "object" || value === null)) {
        there.value = value;
        there.source = undefined;
      } else {
        const node = document.createNode(value);
        if (isSeq(node) && node.items.every((item) => isScalar(item))) node.flow = !isSeq(there) || there.flow === true;
        document.setIn(path, node);
      }
      return;
    }
    if (!document.hasIn(path)) return;
    document.deleteIn(path);
    for (let above = path.slice(0, -1); above.length > KEPT_EMPTY; above = above.slice(0, -1)) {
      const left = document.getIn(above, true);
      if (!isMap(left) || left.items.length > 0 || typeof above.at(-1) === "number") break;
      document.deleteIn(above);
    }
    const [first] = path;
    const left = document.getIn([first], true);
    if (path.length > 1 && isMap(left) && left.items.length === 0) document.deleteIn([first]);
  });
}

export function withItem(text: string, list: Path, value: unknown): string {
  return changed(text, (document) => {
    makeRoom(document, list);
    const node = likeSiblings(document, list, document.createNode(value));
    if (isSeq(document.getIn(list, true))) document.addIn(list, node);
    else document.setIn(list, document.createNode([node]));
  });
}

export function withoutItem(text: string, list: Path, at: number): string {
  return changed(text, (document) => {
    const there = document.getIn(list, true);
    if (!isSeq(there)) return;
    there.items.splice(at, 1);
    if (there.items.length === 0) document.deleteIn(list);
  });
}

export function withItemMoved(text: string, list: Path, from: number, to: number): string {
  return changed(text, (document) => {
    const there = document.getIn(list, true);
    if (!isSeq(there) || to < 0 || to >= there.items.length) return;
    const [item] = there.items.splice(from, 1);
    there.items.splice(to, 0, item);
  });
}

// The path of what stands at a place: the deepest value that has it in it. Empty where nothing has.
export function pathAt(text: string, line: number, column: number): Path {
  const lines = new LineCounter();
  const document = parsed(text, lines);
  const begin = lines.lineStarts[line - 1];
  if (begin === undefined) return [];
  const offset = begin + column - 1;
  const within = (node: unknown): boolean => isNode(node) && node.range != null && node.range[0] <= offset && offset <= node.range[1];
  const path: (string | number)[] = [];
  let at: unknown = document.contents;
  for (;;) {
    if (isMap(at)) {
      const pair = at.items.find(({ key, value }) => within(key) || within(value));
      if (pair === undefined || !isScalar(pair.key)) return path;
      path.push(String(pair.key.value));
      at = pair.value;
    } else if (isSeq(at)) {
      const item = at.items.findIndex(within);
      if (item < 0) return path;
      path.push(item);
      at = at.items[item];
    } else {
      return path;
    }
  }
}
