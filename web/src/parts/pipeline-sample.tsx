// A pipeline tried on a file before it is kept: what would be stored of it, and what would be rejected.
import { Alert, Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { previewWith } from "../api/pipelines";
import { bytes } from "../logic/format";
import { sampleOf } from "../logic/sample";
import { DropZone } from "./drop-zone";
import { PreviewOfFile } from "./preview-of-file";
import { Failed } from "./states";

interface Props {
  name: string;
  text: string;
  isGood: boolean; // only what the server takes can be tried
  file: Sample | null;
  onFile: (file: Sample | null) => void;
}

export interface Sample {
  readonly id: number; // another one for each that is chosen
  readonly file: File;
}

const TYPED_MS = 500;

export function PipelineSample({ name, text, isGood, file, onFile }: Props) {
  const [now] = useDebouncedValue(text, TYPED_MS);
  const tried = useQuery({
    queryKey: ["tried", file?.id, name, now],
    enabled: file !== null && isGood && now === text,
    queryFn: async () => {
      const sample = await sampleOf((file as Sample).file);
      if (sample.bytes === null) return { preview: null, whole: false, why: sample.why };
      return { preview: await previewWith(sample.bytes, (file as Sample).file.name, name, now), whole: sample.whole, why: null };
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData, // rows that stay the same must not flicker while one types
  });
  return (
    <section className="card" aria-label="Tried on a file">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          Try it on a file
        </Title>
        {file !== null && (
          <Button size="xs" variant="default" onClick={() => onFile(null)}>
            Another file
          </Button>
        )}
      </Group>
      {file === null ? (
        <DropZone onFiles={([first]) => first !== undefined && onFile({ id: Date.now(), file: first })} label="Choose a file">
          <Text className="soft" size="sm">
            Drop one here: you see what this pipeline would make of it, as it is now. Nothing is stored.
          </Text>
        </DropZone>
      ) : (
        <>
          <Text size="sm" className="soft wrap" mb="xs">
            {file.file.name}, {bytes(file.file.size)}
          </Text>
          {!isGood && tried.data === undefined && <Alert color="gray">It is tried as soon as nothing is wrong with the pipeline.</Alert>}
          {tried.isLoading && <Skeleton height={140} role="status" aria-label="The file is tried" />}
          {tried.isError && <Failed problem={tried.error} onRetry={() => void tried.refetch()} />}
          {tried.data?.why != null && <Alert color="blue">{tried.data.why}</Alert>}
          {tried.data?.preview != null && !tried.isError && <PreviewOfFile preview={tried.data.preview} isWhole={tried.data.whole} isTrial />}
        </>
      )}
    </section>
  );
}
