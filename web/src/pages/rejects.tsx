// The rejected rows of a job: understood, corrected in place, and sent again.
import { Anchor, Button, Group, Stack, Switch, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useBlocker, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { FileUp, Send, Wand2 } from "lucide-react";
import { useCallback, useMemo, useRef } from "react";
import type { Plan, Reject, RejectGroup } from "../api/client";
import { jobQuery } from "../api/jobs";
import { useMay } from "../api/principal";
import { groupsQuery, planQuery, REJECTS_AT_ONCE, type RejectFilter, rejectsQuery } from "../api/rejects";
import { columnOf, hasSuggestions } from "../logic/corrections";
import { REPORT_ENDINGS } from "../logic/media-types";
import { counted } from "../logic/format";
import { Confirm } from "../parts/confirm";
import { CorrectionsSent } from "../parts/corrections-sent";
import { PageTitle } from "../parts/page-title";
import { RejectCards } from "../parts/reject-cards";
import { RejectGrid } from "../parts/reject-grid";
import { RejectGroupSelect, RejectGroups } from "../parts/reject-groups";
import { RejectJump } from "../parts/reject-jump";
import { ReportMenu } from "../parts/report-menu";
import { Failed, Nothing, Waiting } from "../parts/states";
import { useCorrections } from "../parts/use-corrections";

export function RejectsPage() {
  const { id } = useParams({ from: "/jobs/$id/rejects" });
  const { code, field, all, from } = useSearch({ from: "/jobs/$id/rejects" });
  const navigate = useNavigate({ from: "/jobs/$id/rejects" });
  const isWide = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const isRoomy = useMediaQuery("(min-width: 48em)", true, { getInitialValueInEffect: false });
  const maySubmit = useMay("submit");
  const job = useQuery(jobQuery(id));
  const plan = useQuery(planQuery(id));
  const groups = useQuery(groupsQuery(id, all !== true));
  const filter: RejectFilter = { code: code as RejectGroup["code"] | undefined, field, open: all === true ? undefined : true };
  const list = useInfiniteQuery(rejectsQuery(id, filter, from));
  const hand = useCorrections(id);

  const rejects = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  // Corrected rows are sent whatever is looked at in the meantime.
  const known = useRef(new Map<number, Reject>());
  for (const reject of rejects) known.current.set(reject.rowNumber, reject);
  const columns = useColumns(plan.data, rejects);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);

  const count = hand.corrections.size;
  const leaving = useBlocker({ shouldBlockFn: ({ current, next }) => count > 0 && current.pathname !== next.pathname, withResolver: true });
  const suggested = rejects.filter((reject) => !hand.corrections.has(reject.rowNumber) && hasSuggestions(reject, plan.data));
  const pick = (nextCode: string | undefined, nextField: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, code: nextCode, field: nextField, from: undefined }) });

  if (job.isPending || list.isPending || groups.isPending || plan.isPending) return <Waiting what="The rejected rows are looked up" />;
  const failed = job.error ?? list.error ?? groups.error;
  if (failed !== null) {
    return (
      <div className="page">
        <PageTitle>Rejected rows</PageTitle>
        <Failed problem={failed} onRetry={() => void Promise.all([job.refetch(), list.refetch(), groups.refetch()])} />
      </div>
    );
  }
  const groupProps = { groups: groups.data ?? [], code, field, onPick: pick };
  const Rows = isRoomy ? RejectGrid : RejectCards;
  return (
    <div className="page page-wide">
      <PageTitle
        about={
          <>
            of{" "}
            <Anchor underline="always" renderRoot={(props) => <Link to="/jobs/$id" params={{ id }} {...props} />}>{job.data?.file.name}</Anchor>
            {job.data !== undefined && `: ${counted(job.data.rows.rejected, "row")} of ${counted(job.data.rows.read, "row")} did not pass`}
          </>
        }
        actions={
          <Group gap="xs">
            {maySubmit && <SendReport onFile={hand.sendReport} isBusy={hand.isBusy} />}
            <ReportMenu jobId={id} open={all !== true} />
          </Group>
        }
      >
        Rejected rows
      </PageTitle>
      <Stack gap="md">
        <CorrectionsSent hand={hand} />
        {hand.sending.isError && <Failed problem={hand.sending.error} />}
        {!isWide && <RejectGroupSelect {...groupProps} />}
        <div style={{ display: "grid", gridTemplateColumns: isWide ? "17rem minmax(0, 1fr)" : "minmax(0, 1fr)", gap: "1.2rem" }}>
          {isWide && <RejectGroups {...groupProps} />}
          <div>
            <Group justify="space-between" mb="sm" gap="sm">
              <Text size="sm" className="soft">
                {maySubmit ? "Click a cell to correct it. Only what you correct is sent again." : "Your key may look, not correct."}
              </Text>
              <Group gap="md">
                {maySubmit && suggested.length > 0 && (
                  <Button size="xs" variant="light" leftSection={<Wand2 size={14} aria-hidden />} onClick={() => hand.takeSuggestions(suggested, plan.data)} disabled={hand.isBusy}>
                    Apply suggestions to {counted(suggested.length, "row")}
                  </Button>
                )}
                <Switch
                  size="sm"
                  label="Show corrected rows, too"
                  checked={all === true}
                  onChange={(event) => {
                    const checked = event.currentTarget.checked;
                    void navigate({ search: (before) => ({ ...before, all: checked ? true : undefined }) });
                  }}
                />
              </Group>
            </Group>
            {((job.data?.rows.rejected ?? 0) > REJECTS_AT_ONCE || from !== undefined) && (
              <RejectJump rows={job.data?.rows.read ?? 1} from={from} onFrom={(row) => void navigate({ search: (before) => ({ ...before, from: row }), replace: true })} />
            )}
            {rejects.length === 0 ? (
              <div className="card">
                <Nothing title={(job.data?.rows.rejected ?? 0) === 0 ? "Every row passed" : from !== undefined ? "From there on nothing is left to correct" : "Nothing is left to correct here"}>
                  {(job.data?.rows.rejected ?? 0) > 0 && "Rows that were corrected are stored. The switch above shows them."}
                </Nothing>
              </div>
            ) : (
              <Rows key={from ?? 1} rejects={rejects} plan={plan.data} columns={columns} hand={hand} hasMore={hasNextPage} onMore={more} />
            )}
          </div>
        </div>
      </Stack>
      {count > 0 && (
        <div className="card send-bar" role="region" aria-label="Corrections">
          <Group justify="space-between">
            <Text fw={600} aria-live="polite">
              {counted(count, "row")} corrected, not sent yet
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={hand.discard} disabled={hand.isBusy}>
                Undo all
              </Button>
              <Button leftSection={<Send size={16} aria-hidden />} loading={hand.isBusy} onClick={() => hand.sendCorrections(known.current)}>
                Send {counted(count, "correction")}
              </Button>
            </Group>
          </Group>
        </div>
      )}
      <Confirm
        title="Leave without sending?"
        yes="Leave, and lose them"
        isOpen={leaving.status === "blocked"}
        isBusy={false}
        problem={null}
        onNo={() => leaving.reset?.()}
        onYes={() => leaving.proceed?.()}
      >
        {counted(count, "row")} {count === 1 ? "is" : "are"} corrected here and not sent yet.
      </Confirm>
    </div>
  );
}

// The file's own; where its rows are objects, what the rejected ones have. Those at fault come first: they are what one
// came for, and a file may have hundreds.
function useColumns(plan: Plan | undefined, rejects: readonly Reject[]): readonly string[] {
  const found = useMemo(() => {
    const names = new Set(plan?.columns ?? []);
    for (const { row } of rejects) for (const name of Object.keys(row ?? {})) names.add(name);
    // Of the first page alone, so that columns do not move as further ones come.
    const faulty = new Set(rejects.slice(0, REJECTS_AT_ONCE).flatMap((reject) => reject.errors.map((error) => columnOf(error, reject, plan))));
    const all = [...names];
    return JSON.stringify([...all.filter((name) => faulty.has(name)), ...all.filter((name) => !faulty.has(name))]);
  }, [plan, rejects]);
  // The same names are the same list, so that widths that were dragged stay.
  return useMemo(() => JSON.parse(found) as string[], [found]);
}

function SendReport({ onFile, isBusy }: { onFile: (file: File) => void; isBusy: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" leftSection={<FileUp size={16} aria-hidden />} disabled={isBusy} onClick={() => input.current?.click()}>
        Send a corrected report
      </Button>
      <input
        ref={input}
        type="file"
        accept={REPORT_ENDINGS}
        hidden
        data-testid="report"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
