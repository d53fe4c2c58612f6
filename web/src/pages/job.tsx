// One job: how far it is, what became of its rows, what happened when.
import { Alert, Anchor, Button, Group, List, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import type { Job } from "../api/client";
import { childrenQuery, eventsQuery, hasEnded, jobQuery, splitsQuery } from "../api/jobs";
import { useMay } from "../api/principal";
import { planQuery } from "../api/rejects";
import { secondsTaken, throughput } from "../logic/counts";
import { bytes, count, counted, duration, time } from "../logic/format";
import { isArchive, isMember } from "../logic/lineage";
import { CountsBar, CountsTiles } from "../parts/counts";
import { JobActions } from "../parts/job-actions";
import { JobList } from "../parts/job-list";
import { JobProgress, StatusBadge } from "../parts/job-status";
import { JobTimeline } from "../parts/job-timeline";
import { PageTitle } from "../parts/page-title";
import { ReportMenu } from "../parts/report-menu";
import { SplitsTable } from "../parts/splits-table";
import { Failed, Waiting } from "../parts/states";
import { useNow } from "../parts/use-now";

const ThroughputPlot = lazy(() => import("../parts/throughput-plot"));
const LEAST_POINTS = 3;

export function JobPage() {
  const { id } = useParams({ from: "/jobs/$id" });
  const job = useQuery(jobQuery(id));
  if (job.isPending) return <Waiting what="The job is looked up" />;
  if (job.isError)
    return (
      <div className="page">
        <PageTitle>Job</PageTitle>
        <Failed problem={job.error} onRetry={() => void job.refetch()} />
      </div>
    );
  return <Shown job={job.data} />;
}

function Shown({ job }: { job: Job }) {
  const mayRead = useMay("read_data");
  const isOver = hasEnded(job);
  return (
    <div className="page" data-job-status={job.status}>
      <PageTitle
        about={
          <Group gap="sm">
            <StatusBadge status={job.status} />
            <span>
              {bytes(job.file.size)}
              {job.members === null ? (
                <>
                  {" "}
                  into the pipeline <strong>{job.pipeline}</strong>
                </>
              ) : (
                `, an archive of ${counted(job.members.total, "file")}`
              )}
            </span>
          </Group>
        }
        actions={
          <Group gap="xs">
            {job.rows.rejected > 0 && mayRead && !isArchive(job) && <ReportMenu jobId={job.id} />}
            <JobActions job={job} />
          </Group>
        }
      >
        {job.file.name}
      </PageTitle>
      <Stack gap="lg">
        {job.status === "PENDING" && <Alert color="gray">It waits for its turn. What was sent is safe: it is loaded even if the server is stopped and started again.</Alert>}
        <JobProgress job={job} />
        {job.error !== null && (
          <Alert color="red" title="Why it failed" className="wrap">
            {job.error}
          </Alert>
        )}
        <section aria-label="Rows">
          <CountsTiles counts={job.rows} />
          <div style={{ marginTop: "0.8rem" }}>
            <CountsBar counts={job.rows} />
          </div>
        </section>
        {job.rows.rejected > 0 && !isArchive(job) && <Rejected job={job} mayRead={mayRead} />}
        {isArchive(job) && <Files job={job} />}
        <Columns>
          <Plot job={job} />
          <Section title="What happened">
            <History job={job} />
          </Section>
          <Section title="About it">
            <Facts job={job} />
          </Section>
          {mayRead && job.startedAt !== null && !isArchive(job) && <Found job={job} isOver={isOver} />}
        </Columns>
        {!isArchive(job) && <Resubmissions job={job} />}
        <Pieces job={job} />
      </Stack>
    </div>
  );
}

function Columns({ children }: { children: ReactNode }) {
  return <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fit, minmax(min(24rem, 100%), 1fr))", gap: "1rem" }}>{children}</div>;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}

function Rejected({ job, mayRead }: { job: Job; mayRead: boolean }) {
  return (
    <Alert color="orange">
      <Group justify="space-between">
        <Text>
          {counted(job.rows.rejected, "row")} did not pass. Nothing of {job.rows.rejected === 1 ? "it" : "them"} is lost:{" "}
          {job.rows.rejected === 1 ? "it is" : "they are"} kept with the reason.
        </Text>
        {mayRead && <Button renderRoot={(props) => <Link to="/jobs/$id/rejects" params={{ id: job.id }} {...props} />}>Look and correct</Button>}
      </Group>
    </Alert>
  );
}

function Plot({ job }: { job: Job }) {
  const events = useQuery(eventsQuery(job.id));
  const data = useMemo(() => throughput(events.data ?? []), [events.data]);
  if (data.seconds.length < LEAST_POINTS) return null;
  return (
    <Section title="Rows a second">
      <Suspense fallback={<div style={{ minHeight: 170 }} />}>
        <ThroughputPlot data={data} />
      </Suspense>
    </Section>
  );
}

function History({ job }: { job: Job }) {
  const events = useQuery(eventsQuery(job.id));
  if (events.isError) return <Failed problem={events.error} onRetry={() => void events.refetch()} />;
  return <JobTimeline job={job} events={events.data ?? []} />;
}

function Facts({ job }: { job: Job }) {
  const now = useNow(1000, !hasEnded(job));
  const taken = secondsTaken(job, now);
  const metadata = Object.entries(job.metadata);
  return (
    <dl className="facts">
      <dt>Sent</dt>
      <dd>{time(job.createdAt)}</dd>
      {taken !== null && (
        <>
          <dt>Took</dt>
          <dd className="numbers">
            {duration(taken)}
            {job.progress.rowsPerSecond !== null && job.rows.read > 0 && `, ${count(job.progress.rowsPerSecond)} rows/s`}
          </dd>
        </>
      )}
      {job.createdBy !== null && (
        <>
          <dt>By</dt>
          <dd>{job.createdBy === "anonymous" ? "somebody without a key" : job.createdBy}</dd>
        </>
      )}
      {job.parentJobId !== null && (
        <>
          <dt>{isMember(job) ? "Out of" : "Corrects"}</dt>
          <dd>
            <Anchor renderRoot={(props) => <Link to="/jobs/$id" params={{ id: job.parentJobId ?? "" }} {...props} />}>
              {isMember(job) ? "an archive" : "an earlier job"}
            </Anchor>
          </dd>
        </>
      )}
      {metadata.map(([name, value]) => (
        <Pair key={name} name={name} value={typeof value === "string" ? value : JSON.stringify(value)} />
      ))}
      <Pair name="Job" value={job.id} />
      {job.file.sha256 !== null && <Pair name="SHA-256" value={job.file.sha256} />}
    </dl>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  );
}

function Found({ job, isOver }: { job: Job; isOver: boolean }) {
  const plan = useQuery({ ...planQuery(job.id), enabled: isOver || job.rows.read > 0 });
  if (plan.data === undefined || plan.data.findings.length === 0) return null;
  return (
    <Section title="How the file is read">
      <List size="sm" spacing={4}>
        {plan.data.findings.map((finding) => (
          <List.Item key={finding}>{finding}</List.Item>
        ))}
      </List>
    </Section>
  );
}

// Rows are rejected file by file, and corrected there.
function Files({ job }: { job: Job }) {
  const { data } = useQuery(childrenQuery(job));
  const files = useMemo(() => [...(data?.items ?? [])].reverse(), [data]);
  if (files.length === 0) return null;
  return (
    <section aria-labelledby="files">
      <Title order={2} size="h5" mb="xs" id="files">
        {counted(files.length, "file")} in it
      </Title>
      <JobList jobs={files} />
    </section>
  );
}

function Resubmissions({ job }: { job: Job }) {
  const { data } = useQuery(childrenQuery(job));
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section aria-labelledby="corrections">
      <Title order={2} size="h5" mb="xs" id="corrections">
        Corrections that were sent
      </Title>
      <JobList jobs={data.items} />
    </section>
  );
}

function Pieces({ job }: { job: Job }) {
  const splits = useQuery(splitsQuery(job.id));
  if (splits.data === undefined || splits.data.length === 0) return null;
  return (
    <details className="card" open={job.status === "PROCESSING" && splits.data.length > 2}>
      <summary style={{ cursor: "pointer" }}>
        <Text component="span" fw={600}>
          Pieces and workers
        </Text>
      </summary>
      <SplitsTable splits={splits.data} />
    </details>
  );
}
