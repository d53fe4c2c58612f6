// What waits and who works, what was given up, what begins by the clock.
import { Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { principalQuery, useMay } from "../api/principal";
import { queuesQuery } from "../api/queues";
import { DeadLetters } from "../parts/dead-letters";
import { PageTitle } from "../parts/page-title";
import { QueueHealth } from "../parts/queue-health";
import { Schedules } from "../parts/schedules";
import { Failed } from "../parts/states";
import { useLive } from "../parts/use-live";
import { WorkersTable } from "../parts/workers-table";

export function QueuePage() {
  const queues = useQuery(queuesQuery);
  const { data: principal } = useQuery(principalQuery);
  // Pausing concerns every tenant and every pipeline.
  const maySteer = useMay("operate") && principal?.tenant === "default" && principal.pipelines.length === 0;
  useLive(["queues"], ["active-splits"], ["dead-letters"], ["schedules"]);
  const ours = queues.data?.find(({ holds }) => holds === "splits");
  return (
    <div className="page">
      <PageTitle about="What waits, who works on it, what was given up, and what begins by the clock.">Queue</PageTitle>
      <Stack gap="xl">
        {queues.isPending && <Skeleton height={170} aria-label="The queue is looked up" />}
        {queues.isError && <Failed problem={queues.error} onRetry={() => void queues.refetch()} />}
        {queues.data?.map((queue) => <QueueHealth key={queue.name} queue={queue} maySteer={maySteer} />)}
        {ours !== undefined && (
          <>
            <Section id="workers" title="Workers">
              <WorkersTable queue={ours.name} />
            </Section>
            <Section id="given-up" title="Given up">
              <DeadLetters queue={ours.name} />
            </Section>
          </>
        )}
        <Section id="schedules" title="Schedules">
          <Schedules />
        </Section>
      </Stack>
    </div>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id}>
      <Title order={2} size="h4" mb="sm" id={id}>
        {title}
      </Title>
      {children}
    </section>
  );
}
