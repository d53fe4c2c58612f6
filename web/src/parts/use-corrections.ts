// Corrections from the first typed letter to the answer: what was changed, what was sent, what came of it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Job, type Page, type Plan, type Reject, take } from "../api/client";
import { hasEnded, jobQuery } from "../api/jobs";
import { resubmit } from "../api/rejects";
import { cellsOf, cellText, type Corrections, corrected, NO_CORRECTIONS, reportOf, withCells, without, withSuggestions } from "../logic/corrections";
import { reportType } from "../logic/media-types";
import { randomName } from "../logic/random";

export interface Sent {
  jobId: string;
  rows: number[]; // as the page sent them; none: a report from a spreadsheet
}

const MOST_AGAIN = 1000;

export function useCorrections(jobId: string) {
  const client = useQueryClient();
  const [corrections, setCorrections] = useState<Corrections>(NO_CORRECTIONS);
  const [sent, setSent] = useState<Sent | null>(null);
  // Rows that were rejected a second time, with what is wrong now.
  const [again, setAgain] = useState<ReadonlyMap<number, Reject>>(new Map());
  const key = useRef(randomName());

  // What was asked for once is asked for under one name: sent twice it is done once.
  const change = useCallback((next: (before: Corrections) => Corrections) => {
    key.current = randomName();
    setCorrections(next);
  }, []);

  const sending = useMutation({
    mutationFn: async ({ report, type }: { report: string | Blob; type: string; rows: number[] }) =>
      resubmit(jobId, report, type, key.current),
    onSuccess: (made, { rows }) => {
      key.current = randomName();
      setSent({ jobId: made, rows });
    },
  });

  const { data: job } = useQuery({ ...jobQuery(sent?.jobId ?? ""), enabled: sent !== null });
  const ended = sent !== null && job !== undefined && hasEnded(job);
  useEffect(() => {
    if (!ended || sent === null) return;
    void settle();
    async function settle() {
      if (sent === null) return;
      const failed = new Map<number, Reject>();
      if ((job?.rows.rejected ?? 0) > 0) {
        const page = await take<Page<Reject>>(
          api.GET("/v1/jobs/{id}/errors", { params: { path: { id: sent.jobId }, query: { limit: MOST_AGAIN } } }),
        );
        for (const reject of page.items) failed.set(reject.rowNumber, reject);
      }
      setAgain(failed);
      // What did not pass keeps what was typed, to be mended further.
      if (job?.status === "COMPLETED") {
        setCorrections((before) => without(before, sent.rows.filter((row) => !failed.has(row))));
      }
      void client.invalidateQueries({ queryKey: ["rejects", jobId] });
      void client.invalidateQueries({ queryKey: ["reject-groups", jobId] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    }
    // Once for each job that was sent; its later states change nothing.
  }, [ended, sent?.jobId]);

  return {
    corrections,
    again,
    sent: sent === null ? null : { ...sent, job: job as Job | undefined },
    sending,
    isBusy: sending.isPending || (sent !== null && !ended),
    set: useCallback(
      (reject: Reject, field: string, value: string) =>
        change((before) => corrected(before, reject.rowNumber, field, cellText(cellsOf(reject)[field]), value)),
      [change],
    ),
    setCells: useCallback(
      (reject: Reject, cells: Readonly<Record<string, string>>) => change((before) => withCells(before, reject, cells)),
      [change],
    ),
    takeSuggestions: useCallback(
      (rejects: readonly Reject[], plan: Plan | undefined) => change((before) => withSuggestions(before, rejects, plan)),
      [change],
    ),
    discard: useCallback(() => change(() => NO_CORRECTIONS), [change]),
    sendCorrections: (rejects: ReadonlyMap<number, Reject>) =>
      sending.mutate({ report: reportOf(corrections, rejects), type: "application/x-ndjson", rows: [...corrections.keys()] }),
    sendReport: (file: File) =>
      sending.mutate({ report: file, type: reportType(file.name), rows: [] }),
    close: () => setSent(null),
  };
}

export type CorrectionsInHand = ReturnType<typeof useCorrections>;
