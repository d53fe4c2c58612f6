// A new pipeline: inferred from a file, copied, or begun with nothing.
import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileSearch } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { pipelineQuery, pipelinesQuery, previewOf } from "../api/pipelines";
import { useMay } from "../api/principal";
import { sampleOf } from "../logic/sample";
import { DropZone } from "../parts/drop-zone";
import { PageTitle } from "../parts/page-title";
import type { Sample } from "../parts/pipeline-sample";
import { Failed, Nothing, Waiting } from "../parts/states";

const PipelineEditor = lazy(() => import("../parts/pipeline-editor"));

interface Begun {
  text: string;
  sample: Sample | null;
}

const NOTHING: Begun = { text: "name: \nschema:\n  fields:\n    - {name: id, type: string}\n", sample: null };
const MOST_NAMES = 50;

export function NewPipelinePage() {
  const { from } = useSearch({ from: "/pipelines/new" });
  const mayOperate = useMay("operate");
  const [begun, setBegun] = useState<Begun | null>(null);
  const copied = useQuery({ ...pipelineQuery(from ?? ""), enabled: from !== undefined, refetchOnWindowFocus: false });
  if (from !== undefined && copied.isPending) return <Waiting what="The pipeline is looked up" />;
  // Its name is left to the writer: there cannot be two of one name.
  const start: Begun | null = begun ?? (copied.data === undefined ? null : { text: copied.data.pipeline.text.replace(/^name:.*$/m, `name: ${from}-copy`), sample: null });
  return (
    <div className={start === null ? "page" : "page page-wide"} style={start === null ? undefined : { maxWidth: "130rem" }}>
      <PageTitle about="How files of one kind are read, changed, checked and stored.">New pipeline</PageTitle>
      {copied.isError && <Failed problem={copied.error} />}
      {!mayOperate ? (
        <Nothing title="Your key may look, not change">Whoever runs this server can give you one with the role operator.</Nothing>
      ) : start === null ? (
        <Start onBegun={setBegun} />
      ) : (
        <Editing begun={start} />
      )}
    </div>
  );
}

function Editing({ begun }: { begun: Begun }) {
  const navigate = useNavigate();
  return (
    <Suspense fallback={<Skeleton height={520} role="status" aria-label="The pipeline is loaded" />}>
      <PipelineEditor
        name={null}
        begun={begun.text}
        etag={null}
        isReadOnly={false}
        sample={begun.sample}
        isUnsaved
        onSaved={async (name) => {
          await navigate({ to: "/pipelines/$name", params: { name } });
        }}
      />
    </Suspense>
  );
}

function Start({ onBegun }: { onBegun: (begun: Begun) => void }) {
  const client = useQueryClient();
  const inferring = useMutation({
    mutationFn: async (file: File): Promise<Begun> => {
      const sample = await sampleOf(file);
      if (sample.bytes === null) throw new Error(`${sample.why} Take a smaller file of the same kind.`);
      const known = new Set((await client.fetchQuery(pipelinesQuery)).map(({ name }) => name));
      const [, stem = file.name, ending = ""] = /^(.+?)((?:\.[A-Za-z0-9]+){0,2})$/.exec(file.name) ?? [];
      // A name that is known has its pipeline already: another one is inferred under the next name that is free.
      for (let number = 1; number <= MOST_NAMES; ++number) {
        const name = number === 1 ? file.name : `${stem}-${number}${ending}`;
        const preview = await previewOf(sample.bytes, name, null);
        if (preview.inferred && preview.text !== null && !known.has(preview.pipeline)) return { text: preview.text, sample: { id: Date.now(), file } };
      }
      throw new Error("There are too many pipelines of this name. Give the file another one.");
    },
    onSuccess: onBegun,
  });
  return (
    <Stack gap="lg">
      <DropZone onFiles={([file]) => file !== undefined && inferring.mutate(file)} label="Choose a file">
        <FileSearch size={36} aria-hidden style={{ color: "var(--soft)" }} />
        <Text fw={600} size="lg" mt="xs">
          Infer it from a file
        </Text>
        <Text className="soft" size="sm">
          Drop a file of the kind that will come. Its columns and types are found out, and you go on from there. Nothing is stored.
        </Text>
      </DropZone>
      {inferring.isPending && <Alert color="blue">The file is looked at.</Alert>}
      {inferring.isError && <Failed problem={inferring.error} />}
      <Group>
        <Text>No file at hand?</Text>
        <Button variant="light" onClick={() => onBegun(NOTHING)}>
          Begin with nothing
        </Button>
      </Group>
    </Stack>
  );
}
