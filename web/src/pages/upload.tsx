// The start: files are chosen, looked at, and sent.
import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { jobsQuery } from "../api/jobs";
import { putPipeline } from "../api/pipelines";
import { principalQuery, useMay } from "../api/principal";
import { sendFile, useUploads } from "../api/uploads";
import { EXAMPLE_PIPELINE, EXAMPLE_PIPELINE_TEXT, exampleFile } from "../logic/example";
import { BegunEarlier } from "../parts/begun-earlier";
import { type Chosen, ChosenFile } from "../parts/chosen-file";
import { DropZone } from "../parts/drop-zone";
import { JobList } from "../parts/job-list";
import { PageTitle } from "../parts/page-title";
import { SendingFile } from "../parts/sending-file";
import { Failed, Nothing, Waiting } from "../parts/states";

const RECENT_JOBS = 8;
// Previews are kept by it, longer than this page is open.
let chosenSoFar = 0;

export function UploadPage() {
  const me = useQuery(principalQuery);
  const maySubmit = useMay("submit");
  const uploads = useUploads();
  const [chosen, setChosen] = useState<readonly Chosen[]>([]);

  const choose = (files: readonly File[], pipeline: string | null = null) =>
    setChosen((before) => [...before, ...files.map((file) => ({ id: ++chosenSoFar, file, pipeline }))]);
  const drop = (id: number) => setChosen((before) => before.filter((one) => one.id !== id));
  const pick = (id: number, pipeline: string | null) =>
    setChosen((before) => before.map((one) => (one.id === id ? { ...one, pipeline } : one)));
  const send = ({ id, file, pipeline }: Chosen) => {
    sendFile(file, pipeline);
    drop(id);
  };

  if (me.isPending) return <Waiting what="Asking the server who you are" />;
  if (me.isError) return <Failed problem={me.error} onRetry={() => void me.refetch()} />;
  return (
    <div className="page">
      <PageTitle about="Every good row is stored exactly once. Every bad row comes back with its reason, ready to be corrected.">
        Upload a file
      </PageTitle>
      <Stack gap="lg">
        {maySubmit ? (
          <DropZone onFiles={choose}>
            <FileUp size={36} aria-hidden style={{ color: "var(--soft)" }} />
            <Text fw={600} size="lg" mt="xs">
              Drop files here, or choose them
            </Text>
            <Text className="soft" size="sm">
              CSV, TSV, JSON, NDJSON or Excel workbooks (.xlsx), as they are or compressed. Nothing is stored before you have seen what is in them.
            </Text>
          </DropZone>
        ) : (
          <Nothing title="Your key may look, not send">
            Whoever runs this server can give you one with the role uploader. <Link to="/jobs">Jobs</Link> shows what others sent.
          </Nothing>
        )}
        {maySubmit && <BegunEarlier onFiles={choose} />}
        {chosen.length > 1 && (
          <Group justify="flex-end">
            <Button onClick={() => chosen.forEach(send)}>Send all {chosen.length} files</Button>
          </Group>
        )}
        {chosen.map((one) => (
          <ChosenFile key={one.id} chosen={one} onPipeline={(name) => pick(one.id, name)} onSend={() => send(one)} onDrop={() => drop(one.id)} />
        ))}
        {[...uploads].reverse().map((one) => (
          <SendingFile key={one.id} sending={one} />
        ))}
        <Recent isQuiet={chosen.length > 0 || uploads.length > 0} onExample={(file) => choose([file], EXAMPLE_PIPELINE)} />
      </Stack>
    </div>
  );
}

function Recent({ isQuiet, onExample }: { isQuiet: boolean; onExample: (file: File) => void }) {
  const jobs = useQuery(jobsQuery({}, RECENT_JOBS));
  if (jobs.isPending) return null;
  if (jobs.isError) return <Failed problem={jobs.error} onRetry={() => void jobs.refetch()} />;
  if (jobs.data.items.length === 0) return isQuiet ? null : <FirstTime onExample={onExample} />;
  return (
    <section aria-labelledby="recent">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id="recent">
          Sent lately
        </Title>
        <Anchor size="sm" renderRoot={(props) => <Link to="/jobs" {...props} />}>
          All jobs
        </Anchor>
      </Group>
      <JobList jobs={jobs.data.items} />
    </section>
  );
}

const STEPS = [
  { title: "Look", text: "You see the first rows, what each column was taken for, and what would be rejected." },
  { title: "Send", text: "The file becomes a job, and you watch it being loaded. If the connection breaks, it goes on." },
  { title: "Correct", text: "Rows that did not pass stand in a table with their reasons. Mend the cells, send just those again." },
];

function FirstTime({ onExample }: { onExample: (file: File) => void }) {
  const mayOperate = useMay("operate");
  const [problem, setProblem] = useState<Error | null>(null);
  const tryIt = async () => {
    try {
      await putPipeline(EXAMPLE_PIPELINE, EXAMPLE_PIPELINE_TEXT);
      onExample(exampleFile());
    } catch (failed) {
      setProblem(failed as Error);
    }
  };
  return (
    <section aria-labelledby="first-time">
      <Title order={2} size="h4" mb="sm" id="first-time">
        What happens then
      </Title>
      <ol className="tiles" style={{ listStyle: "none", padding: 0, margin: 0, gridTemplateColumns: "repeat(auto-fit, minmax(15rem, 1fr))" }}>
        {STEPS.map(({ title, text }, at) => (
          <li key={title} className="card">
            <Text fw={650}>
              {at + 1}. {title}
            </Text>
            <Text size="sm" className="soft">
              {text}
            </Text>
          </li>
        ))}
      </ol>
      {mayOperate && (
        <Text mt="md">
          No file at hand?{" "}
          <Button variant="light" size="compact-md" onClick={() => void tryIt()}>
            Try it with six customers
          </Button>
        </Text>
      )}
      {problem !== null && <Failed problem={problem} />}
    </section>
  );
}
