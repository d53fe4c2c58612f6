// A pipeline that is being written: its text, what a form sees of it, and what the server says of it as it is typed.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { checkPipeline } from "../api/pipelines";
import { Problem } from "../api/problem";
import { type PlacedFault, type SortedFaults, sortFaults, type Values } from "../logic/pipeline-form";
import { type Path, pathAt, readPipeline, withItem, withItemMoved, withoutItem, withValue } from "../logic/pipeline-text";

const TYPED_MS = 300; // after the last letter
const UNNAMED = "new-pipeline"; // what it is checked as until it has a name

export interface PipelineHand {
  values: Values; // the last that could be read
  isReadable: boolean;
  isReadOnly: boolean;
  faults: SortedFaults;
  set: (path: Path, value: unknown) => void; // undefined takes it out
  add: (list: Path, value: unknown) => void;
  remove: (list: Path, at: number) => void;
  move: (list: Path, from: number, to: number) => void;
}

// `name`: of a pipeline that is there already; null: it says its name itself.
export function usePipelineText(begun: string, name: string | null, isReadOnly: boolean) {
  const [text, setText] = useState(begun);
  const read = useMemo(() => readPipeline(text), [text]);
  const last = useRef<Values>({});
  if (read.values !== null) last.current = read.values;
  const values = read.values ?? last.current;
  const own = typeof values.name === "string" ? values.name.trim() : "";
  const wanted = name ?? own;

  const [typed] = useDebouncedValue(text, TYPED_MS);
  const checked = useQuery({
    queryKey: ["check", wanted, typed],
    queryFn: () => checkPipeline(wanted === "" ? UNNAMED : wanted, typed),
    enabled: !isReadOnly && typed.trim() !== "" && readPipeline(typed).values !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  // What was said last stands until more is known: marks that go and come with every letter help nobody.
  const said = useRef<{ problem: Problem | null; of: string }>({ problem: null, of: "" });
  if (!checked.isFetching) said.current = { problem: checked.error instanceof Problem ? checked.error : null, of: typed };
  const { problem, of } = said.current;

  const faults = useMemo((): PlacedFault[] => {
    if (read.faults.length > 0) return read.faults.map((fault) => ({ ...fault, path: [] }));
    if (problem === null) return [];
    if (problem.status === 400) return [{ line: null, column: null, message: problem.message, path: ["name"] }];
    return (problem.errors ?? []).map((error) => ({ ...error, path: error.line === null ? [] : pathAt(of, error.line, error.column ?? 1) }));
  }, [read, problem, of]);

  const hand: PipelineHand = {
    values,
    isReadable: read.values !== null,
    isReadOnly,
    faults: useMemo(() => sortFaults(values, faults), [values, faults]),
    set: (path, value) => setText((now) => withValue(now, path, value)),
    add: (list, value) => setText((now) => withItem(now, list, value)),
    remove: (list, at) => setText((now) => withoutItem(now, list, at)),
    move: (list, from, to) => setText((now) => withItemMoved(now, list, from, to)),
  };
  const isCurrent = typed === text && !checked.isFetching;
  return {
    text,
    setText,
    hand,
    faults,
    name: wanted,
    // What is wrong beside the text: no answer, somebody else's file.
    problem: problem !== null && problem.errors === undefined && problem.status !== 400 ? problem : null,
    isChecking: !isReadOnly && text.trim() !== "" && read.values !== null && !isCurrent,
    isGood: !isReadOnly && isCurrent && checked.isSuccess && wanted !== "",
  };
}
