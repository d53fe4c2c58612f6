// What rows are counted and summed up to: the aggregates of all pipelines.
import { Anchor, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { aggregatesQuery } from "../api/aggregates";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing } from "../parts/states";
import { useLive } from "../parts/use-live";

const EXAMPLE = `aggregates:
  - {name: people-by-state, by: [state], measures: {people: count}}`;

export function AggregatesPage() {
  const aggregates = useQuery(aggregatesQuery);
  useLive(["aggregates"]); // one is known from its pipeline's first file on
  return (
    <div className="page">
      <PageTitle about="What stored rows are counted and summed up to, exact at every moment.">Aggregates</PageTitle>
      {aggregates.isPending && (
        <Stack gap={8} aria-label="Aggregates are looked up">
          {[1, 2].map((line) => (
            <Skeleton key={line} height={58} />
          ))}
        </Stack>
      )}
      {aggregates.isError && <Failed problem={aggregates.error} onRetry={() => void aggregates.refetch()} />}
      {aggregates.data?.length === 0 && (
        <div className="card">
          <Nothing title="Nothing is summed up yet">
            <p style={{ marginTop: 0 }}>A pipeline says what its rows are counted by, in a few lines of its text:</p>
            <pre className="table-scroll" style={{ textAlign: "left", fontSize: "0.85rem", margin: 0 }} tabIndex={0}>
              {EXAMPLE}
            </pre>
          </Nothing>
        </div>
      )}
      {aggregates.data !== undefined && aggregates.data.length > 0 && (
        <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
          {aggregates.data.map(({ name, by, measures, pipelines }) => (
            <li key={name} className="card" data-aggregate={name}>
              <Anchor fw={550} className="wrap" renderRoot={(props) => <Link to="/aggregates/$name" params={{ name }} {...props} />}>
                {name}
              </Anchor>
              <Text size="sm" className="soft wrap">
                {Object.keys(measures).join(", ")} by {by.join(", ")}, of the rows of {pipelines.join(", ")}
              </Text>
            </li>
          ))}
        </Stack>
      )}
    </div>
  );
}
