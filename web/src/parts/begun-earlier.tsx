// Uploads that an earlier visit left in the middle. A page cannot keep a file: it has to be chosen again.
import { Alert, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Begun, begunEarlier, forget, useUploads } from "../api/uploads";
import { bytes } from "../logic/format";
import { useRef } from "react";

export function BegunEarlier({ onFiles }: { onFiles: (files: File[]) => void }) {
  const uploads = useUploads();
  const { data, refetch } = useQuery({ queryKey: ["begun", uploads.length], queryFn: begunEarlier });
  if (data === undefined || data.length === 0) return null;
  const end = async ({ key }: Begun) => {
    await forget(key);
    await refetch();
  };
  return (
    <Alert color="blue" title="Not sent to its end" role="region">
      {data.map((one) => (
        <One key={one.key} begun={one} onFiles={onFiles} onForget={() => void end(one)} />
      ))}
    </Alert>
  );
}

function One({ begun, onFiles, onForget }: { begun: Begun; onFiles: (files: File[]) => void; onForget: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <Group justify="space-between" gap="xs" py={4}>
      <Text size="sm" className="wrap">
        <strong>{begun.name}</strong>
        {begun.size !== null && ` (${bytes(begun.size)})`}: choose it again, and it goes on where it was.
      </Text>
      <Group gap="xs">
        <Button size="xs" onClick={() => input.current?.click()}>
          Choose it
        </Button>
        <Button size="xs" variant="default" onClick={onForget}>
          Forget it
        </Button>
      </Group>
      <input ref={input} type="file" hidden onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])} />
    </Group>
  );
}
