// All pipelines: what each does, and what came through it last.
import { Anchor, Badge, Button, Group, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { PipelineSummary } from "../api/client";
import { jobsQuery } from "../api/jobs";
import { pipelineQuery, pipelinesQuery } from "../api/pipelines";
import { useMay } from "../api/principal";
import { ago, counted, time } from "../logic/format";
import { summaryOf } from "../logic/pipeline-summary";
import type { Definition } from "../logic/propose";
import { StatusBadge } from "../parts/job-status";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing, WaitingLines } from "../parts/states";
import { useNow } from "../parts/use-now";

const AT_ONCE = 25; // each asks for itself and its last job

export function PipelinesPage() {
  const pipelines = useQuery(pipelinesQuery);
  const mayOperate = useMay("operate");
  const isNarrow = useMediaQuery("(max-width: 52em)", false, { getInitialValueInEffect: false });
  const [wanted, setWanted] = useState("");
  const [most, setMost] = useState(AT_ONCE);
  const all = pipelines.data ?? [];
  const found = all.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  const shown = found.slice(0, most);
  return (
    <div className="page">
      <PageTitle
        about="How files of one kind are read, changed, checked and stored."
        actions={
          mayOperate && (
            <Button leftSection={<Plus size={16} aria-hidden />} renderRoot={(props) => <Link to="/pipelines/new" {...props} />}>
              New pipeline
            </Button>
          )
        }
      >
        Pipelines
      </PageTitle>
      {(all.length > 8 || wanted !== "") && <TextInput label="Name" placeholder="Any" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} mb="md" w={{ base: "100%", xs: 300 }} />}
      {pipelines.isPending && (
        <WaitingLines what="Pipelines are looked up" lines={3} height={58} />
      )}
      {pipelines.isError && <Failed problem={pipelines.error} onRetry={() => void pipelines.refetch()} />}
      {pipelines.isSuccess && found.length === 0 && (
        <div className="card">
          {wanted !== "" ? (
            <Nothing title="No pipeline has that in its name" />
          ) : (
            <Nothing title="There are no pipelines yet">
              <Link to="/">Send a file</Link>, and one is inferred from it
              {mayOperate && (
                <>
                  , or <Link to="/pipelines/new">write one</Link>
                </>
              )}
              .
            </Nothing>
          )}
        </div>
      )}
      {shown.length > 0 && (isNarrow ? <Cards pipelines={shown} /> : <Rows pipelines={shown} />)}
      {found.length > most && (
        <Button variant="default" mt="md" onClick={() => setMost(most + AT_ONCE * 4)}>
          Show more of {counted(found.length, "pipeline")}
        </Button>
      )}
    </div>
  );
}

function Name({ pipeline }: { pipeline: PipelineSummary }) {
  return (
    <Group gap={8}>
      <Anchor fw={550} className="wrap" renderRoot={(props) => <Link to="/pipelines/$name" params={{ name: pipeline.name }} {...props} />}>
        {pipeline.name}
      </Anchor>
      {pipeline.origin === "file" && (
        <Badge size="sm" color="gray" variant="light">
          file
        </Badge>
      )}
      {pipeline.inferred && (
        <Badge size="sm" color="blue" variant="light">
          inferred
        </Badge>
      )}
    </Group>
  );
}

function About({ name }: { name: string }) {
  const { data, isError } = useQuery(pipelineQuery(name));
  if (data === undefined) return isError ? <span className="soft">cannot be read</span> : <Skeleton height={14} width="70%" />;
  const { definition } = data.pipeline;
  return definition === null ? <span className="soft">cannot be read</span> : summaryOf(definition as Definition);
}

function Last({ name, now }: { name: string; now: number }) {
  const { data, isError } = useQuery(jobsQuery({ pipeline: name }, 1));
  if (data === undefined) return isError ? null : <Skeleton height={20} width={130} />;
  const [job] = data.items;
  if (job === undefined)
    return (
      <Text size="sm" className="soft" component="span">
        none yet
      </Text>
    );
  return (
    <Group gap={8}>
      <StatusBadge status={job.status} size="sm" />
      <Anchor size="sm" renderRoot={(props) => <Link to="/jobs/$id" params={{ id: job.id }} {...props} />}>
        <time dateTime={job.createdAt} title={time(job.createdAt)}>
          {ago(job.createdAt, now)}
        </time>
      </Anchor>
      <Text size="sm" className="soft numbers">
        {counted(job.rows.read, "row")}
        {job.rows.rejected > 0 && `, ${counted(job.rows.rejected, "reject")}`}
      </Text>
    </Group>
  );
}

function Rows({ pipelines }: { pipelines: readonly PipelineSummary[] }) {
  const now = useNow(10_000);
  return (
    <div className="table-scroll card" style={{ padding: 0 }}>
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Pipeline</Table.Th>
            <Table.Th>What it does</Table.Th>
            <Table.Th w={330}>Last job</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pipelines.map((pipeline) => (
            <Table.Tr key={pipeline.name} data-pipeline={pipeline.name}>
              <Table.Td>
                <Name pipeline={pipeline} />
              </Table.Td>
              <Table.Td>
                <About name={pipeline.name} />
              </Table.Td>
              <Table.Td>
                <Last name={pipeline.name} now={now} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Cards({ pipelines }: { pipelines: readonly PipelineSummary[] }) {
  const now = useNow(10_000);
  return (
    <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
      {pipelines.map((pipeline) => (
        <li key={pipeline.name} className="card" data-pipeline={pipeline.name}>
          <Name pipeline={pipeline} />
          <Text size="sm" component="div" mt={4}>
            <About name={pipeline.name} />
          </Text>
          <Group gap={8} mt={6}>
            <Text size="sm" className="soft">
              Last job:
            </Text>
            <Last name={pipeline.name} now={now} />
          </Group>
        </li>
      ))}
    </Stack>
  );
}
