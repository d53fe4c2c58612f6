// A file that was chosen and is not sent yet: what it would become.
import { Alert, Button, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, type Preview, take } from "../api/client";
import { pipelinesQuery, previewOf } from "../api/pipelines";
import { Problem } from "../api/problem";
import { mostBytesQuery } from "../api/uploads";
import { bytes } from "../logic/format";
import { type Definition, proposed } from "../logic/propose";
import { sampleOf } from "../logic/sample";
import { PreviewOfFile } from "./preview-of-file";
import { Failed } from "./states";

export interface Chosen {
  readonly id: number;
  readonly file: File;
  readonly pipeline: string | null; // null: by the file's name
}

interface Props {
  chosen: Chosen;
  onPipeline: (name: string | null) => void;
  onSend: () => void;
  onDrop: () => void;
}

const BY_NAME = "";
const MOST_COMPARED = 100; // pipelines

interface Looked {
  preview: Preview | null;
  whole: boolean;
  why: string | null; // it could not be looked at
}

async function look(file: File, pipeline: string | null): Promise<Looked> {
  const sample = await sampleOf(file);
  if (sample.bytes === null) return { preview: null, whole: false, why: sample.why };
  return { preview: await previewOf(sample.bytes, file.name, pipeline), whole: sample.whole, why: null };
}

export function ChosenFile({ chosen, onPipeline, onSend, onDrop }: Props) {
  const { file, pipeline } = chosen;
  const pipelines = useQuery(pipelinesQuery);
  const most = useQuery(mostBytesQuery).data ?? null;
  const isTooLarge = most !== null && file.size > most;
  const looked = useQuery({
    queryKey: ["preview", chosen.id, pipeline],
    queryFn: () => look(file, pipeline),
    enabled: file.size > 0,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // By its beginning: what is behind that nobody has looked at, so it stays the reader's to decide.
  const isRefused = looked.error instanceof Problem && looked.error.status >= 400 && looked.error.status < 500;
  const fits = useFitting(looked.data?.preview ?? null);
  // Proposed once; what the reader chooses then stands.
  const offered = useRef(false);
  useEffect(() => {
    if (offered.current || pipeline !== null || fits === null) return;
    offered.current = true;
    onPipeline(fits);
  }, [fits, pipeline, onPipeline]);

  const names = (pipelines.data ?? []).map(({ name }) => ({ value: name, label: name }));
  return (
    <section className="card" aria-label={file.name}>
      <Group justify="space-between" align="flex-start" gap="sm" mb="md">
        <div style={{ minWidth: 0, flex: "1 1 14rem" }}>
          <Title order={2} size="h4" className="wrap">
            {file.name}
          </Title>
          <Text size="sm" className="soft">
            {bytes(file.size)}
          </Text>
        </div>
        <Select
          label="Pipeline"
          description={pipeline !== null && pipeline === fits && offered.current ? "Proposed: it fits this file" : undefined}
          data={[{ value: BY_NAME, label: "By the file's name" }, ...names]}
          value={pipeline ?? BY_NAME}
          onChange={(name) => {
            offered.current = true;
            onPipeline(name === null || name === BY_NAME ? null : name);
          }}
          allowDeselect={false}
          searchable={names.length > 8}
          w={{ base: "100%", xs: 260 }}
        />
      </Group>
      <Stack gap="md">
        {file.size === 0 && <Alert color="orange">This file is empty. Was it saved before it was chosen?</Alert>}
        {isTooLarge && (
          <Alert color="orange">
            This file is larger than the server takes: at most {bytes(most)}. Send it compressed or in parts, or ask whoever runs the server to raise limits.upload_bytes.
          </Alert>
        )}
        {looked.isLoading && <Skeleton height={180} aria-label="The file is looked at" />}
        {looked.isError && <Failed problem={looked.error} onRetry={() => void looked.refetch()} />}
        {looked.data?.why != null && <Alert color="blue">{looked.data.why}</Alert>}
        {looked.data?.preview != null && <PreviewOfFile preview={looked.data.preview} isWhole={looked.data.whole} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDrop}>
            Leave it
          </Button>
          <Button onClick={onSend} disabled={file.size === 0 || isTooLarge} variant={isRefused ? "default" : "filled"} loading={looked.isLoading}>
            {isRefused ? "Send it all the same" : "Send this file"}
          </Button>
        </Group>
      </Stack>
    </section>
  );
}

// Another known pipeline that the file's columns speak for, where its name says nothing.
function useFitting(preview: Preview | null): string | null {
  const pipelines = useQuery(pipelinesQuery);
  const isUnknown = preview?.inferred === true;
  const names = (pipelines.data ?? []).slice(0, MOST_COMPARED).map(({ name }) => name);
  const { data } = useQuery({
    queryKey: ["definitions", names],
    enabled: isUnknown && names.length > 0,
    queryFn: () =>
      Promise.all(
        names.map(async (name) => {
          const read = take<{ definition: Definition | null }>(api.GET("/v1/pipelines/{p}", { params: { path: { p: name } } }));
          // One that cannot be read is not proposed.
          return { name, definition: await read.then(({ definition }) => definition).catch(() => null) };
        }),
      ),
  });
  if (!isUnknown || pipelines.data === undefined) return null;
  // A file of the server's folder that has this name is meant, though it is not chosen by itself.
  if (pipelines.data.some(({ name }) => name === preview.pipeline)) return preview.pipeline;
  return data === undefined ? null : proposed(preview.columns, data);
}
