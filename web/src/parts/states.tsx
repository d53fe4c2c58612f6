// A page that waits, that has nothing to show, or that failed.
import { Alert, Button, Center, Loader, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "../api/problem";

export function Waiting({ what }: { what: string }) {
  return (
    <Center mih={220}>
      <Stack align="center" gap="xs" role="status">
        <Loader />
        <Text className="soft">{what}</Text>
      </Stack>
    </Center>
  );
}

export function Failed({ problem, onRetry }: { problem: Error; onRetry?: () => void }) {
  const title = problem instanceof Problem ? problem.title : "Something went wrong";
  return (
    <Alert color="red" title={title} role="alert" className="wrap">
      <Text size="sm">{problem.message}</Text>
      {problem instanceof Problem && problem.status >= 500 && problem.requestId !== undefined && (
        <Text size="sm" className="soft" mt={4}>
          In the server's log it is request <code>{problem.requestId}</code>.
        </Text>
      )}
      {onRetry !== undefined && (
        <Button size="xs" variant="default" mt="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap={6} py="xl" px="md" ta="center">
      <Text fw={600} size="lg">
        {title}
      </Text>
      <Text className="soft" maw={520} component="div">
        {children}
      </Text>
    </Stack>
  );
}

export function NotFound() {
  return (
    <Stack align="center" py={60} gap="sm">
      <Title order={1} size="h2">
        There is nothing at this address
      </Title>
      <Button variant="light" renderRoot={(props) => <Link to="/" {...props} />}>
        To the start
      </Button>
    </Stack>
  );
}

// A list that is looked up: as high as its first lines will be.
export function WaitingLines({ what, lines, height }: { what: string; lines: number; height: number }) {
  return (
    <Stack gap={8} aria-label={what}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={height} />
      ))}
    </Stack>
  );
}
