// Jobs in a table; on a narrow screen one card each.
import { Anchor, Group, Stack, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { Job } from "../api/client";
import { secondsTaken } from "../logic/counts";
import { ago, count, counted, duration, time } from "../logic/format";
import { isArchive, isMember, isResubmission } from "../logic/lineage";
import { CountsBar } from "./counts";
import { JobProgress, StatusBadge } from "./job-status";
import { useNow } from "./use-now";

export function JobList({ jobs }: { jobs: readonly Job[] }) {
  const isNarrow = useMediaQuery("(max-width: 52em)", false, { getInitialValueInEffect: false });
  return isNarrow ? <Cards jobs={jobs} /> : <Rows jobs={jobs} />;
}

function descent(job: Job): string {
  if (job.members !== null) return ` · an archive of ${counted(job.members.total, "file")}`;
  if (isMember(job)) return " · out of an archive";
  return isResubmission(job) ? " · corrections" : "";
}

function FileLink({ job }: { job: Job }) {
  return (
    <Anchor fw={550} className="wrap" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: job.id }} {...props} />}>
      {job.file.name}
    </Anchor>
  );
}

function Rejected({ job }: { job: Job }) {
  if (job.rows.rejected === 0) return <span className="soft">0</span>;
  return (
    <Anchor
      c="var(--rejected)"
      underline="always"
      aria-label={`${counted(job.rows.rejected, "rejected row")} of ${job.file.name}`}
      renderRoot={(props) => <Link to={isArchive(job) ? "/jobs/$id" : "/jobs/$id/rejects"} params={{ id: job.id }} {...props} />}
    >
      {count(job.rows.rejected)}
    </Anchor>
  );
}

function When({ job, now }: { job: Job; now: number }) {
  return <time dateTime={job.createdAt} title={time(job.createdAt)}>{ago(job.createdAt, now)}</time>;
}

function Rows({ jobs }: { jobs: readonly Job[] }) {
  const now = useNow(10_000);
  return (
    <div className="table-scroll card" style={{ padding: 0 }}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>File</Table.Th>
            <Table.Th w={230}>State</Table.Th>
            <Table.Th ta="right">Read</Table.Th>
            <Table.Th ta="right">Stored</Table.Th>
            <Table.Th ta="right">Rejected</Table.Th>
            <Table.Th>Sent</Table.Th>
            <Table.Th ta="right">Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.map((job) => {
            const taken = secondsTaken(job, now);
            return (
              <Table.Tr key={job.id} data-job={job.id}>
                <Table.Td>
                  <FileLink job={job} />
                  <Text size="xs" className="soft wrap">
                    {job.pipeline}
                    {descent(job)}
                  </Text>
                </Table.Td>
                <Table.Td>{job.status === "PROCESSING" ? <JobProgress job={job} /> : <StatusBadge status={job.status} />}</Table.Td>
                <Table.Td ta="right" className="numbers">
                  {count(job.rows.read)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {count(job.rows.inserted + job.rows.updated)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  <Rejected job={job} />
                </Table.Td>
                <Table.Td style={{ whiteSpace: "nowrap" }}>
                  <When job={job} now={now} />
                </Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: "nowrap" }} className="numbers">
                  {taken === null ? "–" : duration(taken)}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Cards({ jobs }: { jobs: readonly Job[] }) {
  const now = useNow(10_000);
  return (
    <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
      {jobs.map((job) => (
        <li key={job.id} className="card" data-job={job.id}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <FileLink job={job} />
            <StatusBadge status={job.status} />
          </Group>
          <Text size="sm" className="soft wrap">
            {job.pipeline}
            {descent(job)} · <When job={job} now={now} />
          </Text>
          <JobProgress job={job} />
          <Text size="sm" className="numbers" mt={4}>
            {counted(job.rows.read, "row")} read, <Rejected job={job} /> rejected
          </Text>
          {job.rows.read > 0 && <CountsBar counts={job.rows} />}
        </li>
      ))}
    </Stack>
  );
}
