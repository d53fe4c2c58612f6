// All jobs, newest first, as they go on.
import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { JobStatus } from "../api/client";
import { jobsQuery } from "../api/jobs";
import { pipelinesQuery } from "../api/pipelines";
import { JobList } from "../parts/job-list";
import { statusWord } from "../parts/job-status";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing, WaitingLines } from "../parts/states";

const STATUSES: JobStatus[] = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"];

export function JobsPage() {
  const search = useSearch({ from: "/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const jobs = useQuery(jobsQuery(search));
  const pipelines = useQuery(pipelinesQuery);
  const isFiltered = search.status !== undefined || search.pipeline !== undefined || search.file !== undefined;
  const names = new Set([...(pipelines.data ?? []).map(({ name }) => name), ...(search.pipeline === undefined ? [] : [search.pipeline])]);
  return (
    <div className="page">
      <PageTitle about="Each file that was sent is a job.">Jobs</PageTitle>
      <Group mb="md" gap="sm" align="flex-end">
        <FileName value={search.file ?? ""} onValue={(file) => void navigate({ search: { ...search, file: file === "" ? undefined : file, cursor: undefined }, replace: true })} />
        <Select
          label="State"
          placeholder="Any"
          clearable
          clearButtonProps={{ "aria-label": "Any state" }}
          data={STATUSES.map((status) => ({ value: status, label: statusWord(status) }))}
          value={search.status ?? null}
          onChange={(status) => void navigate({ search: { ...search, status: (status as JobStatus | null) ?? undefined, cursor: undefined } })}
          w={{ base: "100%", xs: 190 }}
        />
        <Select
          label="Pipeline"
          placeholder="Any"
          clearable
          searchable
          clearButtonProps={{ "aria-label": "Any pipeline" }}
          data={[...names]}
          value={search.pipeline ?? null}
          onChange={(pipeline) => void navigate({ search: { ...search, pipeline: pipeline ?? undefined, cursor: undefined } })}
          w={{ base: "100%", xs: 240 }}
        />
      </Group>
      {jobs.isPending && (
        <WaitingLines what="Jobs are looked up" lines={5} height={58} />
      )}
      {jobs.isError && <Failed problem={jobs.error} onRetry={() => void jobs.refetch()} />}
      {jobs.data !== undefined && jobs.data.items.length === 0 && (
        <div className="card">
          {jobs.data.next !== null ? (
            <Nothing title="No job is like that so far">The newest were looked through. There are older ones: look further back.</Nothing>
          ) : isFiltered || search.cursor !== undefined ? (
            <Nothing title="No job is like that">
              <Link to="/jobs">Show all jobs</Link>
            </Nothing>
          ) : (
            <Nothing title="There are no jobs yet">
              <Link to="/">Send a file</Link>, and here you see what becomes of it.
            </Nothing>
          )}
        </div>
      )}
      {jobs.data !== undefined && jobs.data.items.length > 0 && <JobList jobs={jobs.data.items} />}
      <Group justify="space-between" mt="md" component="nav" aria-label="Older and newer jobs">
        {search.cursor !== undefined ? (
          <Button variant="default" onClick={() => window.history.back()}>
            Newer
          </Button>
        ) : (
          <span />
        )}
        {jobs.data?.next != null && (
          <Button variant="default" loading={jobs.isPlaceholderData} onClick={() => void navigate({ search: { ...search, cursor: jobs.data?.next ?? undefined } })}>
            {jobs.data.items.length === 0 ? "Look further back" : "Older"}
          </Button>
        )}
      </Group>
    </div>
  );
}

const TYPED_MS = 300;

// What is typed is looked for a moment later; what stands in the address is what was looked for.
function FileName({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const look = useDebouncedCallback((text: string) => onValue(text.trim()), TYPED_MS);
  return (
    <TextInput
      label="File"
      placeholder="A part of its name"
      value={typed}
      maxLength={200}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        look(event.currentTarget.value);
      }}
      w={{ base: "100%", xs: 240 }}
    />
  );
}
