// One aggregate: its largest groups as bars, all of them in a table; both follow what is loaded.
import { Anchor, Button, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Fragment } from "react";
import { type Aggregate, aggregatesQuery, groupsPath, groupsQuery, largestQuery } from "../api/aggregates";
import { useMay } from "../api/principal";
import { Problem } from "../api/problem";
import { size } from "../logic/figure";
import { counted } from "../logic/format";
import { NOWHERE, type Where, withCondition } from "../logic/where";
import { DownloadMenu } from "../parts/download-menu";
import { GroupBars } from "../parts/group-bars";
import { GroupTable } from "../parts/group-table";
import { PageTitle } from "../parts/page-title";
import { useRebuildAggregate } from "../parts/rebuild-aggregate";
import { Failed, Nothing, Waiting } from "../parts/states";
import { useLive } from "../parts/use-live";
import { WhereFilter } from "../parts/where-filter";

const BARS = 20;

export function AggregatePage() {
  const { name } = useParams({ from: "/aggregates/$name" });
  const aggregates = useQuery(aggregatesQuery);
  if (aggregates.isPending) return <Waiting what="The aggregate is looked up" />;
  const aggregate = aggregates.data?.find((one) => one.name === name);
  if (aggregate !== undefined) return <Shown key={name} aggregate={aggregate} />;
  return (
    <div className="page">
      <PageTitle>{name}</PageTitle>
      <Failed
        problem={aggregates.error ?? new Problem({ type: "about:blank", title: "There is no such aggregate", status: 404, detail: `No pipeline that your key reaches has an aggregate “${name}”.` })}
        onRetry={() => void aggregates.refetch()}
      />
    </div>
  );
}

function Shown({ aggregate }: { aggregate: Aggregate }) {
  const { name, by, measures, pipelines } = aggregate;
  const { where = NOWHERE, sort } = useSearch({ from: "/aggregates/$name" });
  const navigate = useNavigate({ from: "/aggregates/$name" });
  const mayOperate = useMay("operate");
  const rebuild = useRebuildAggregate(name);
  const list = useInfiniteQuery(groupsQuery(name, { where, sort }));
  useLive(["groups", name]);
  const groups = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const isFiltered = Object.keys(where).length > 0;
  const look = (next: Where | undefined) => void navigate({ search: (before) => ({ ...before, where: next }) });
  return (
    <div className="page">
      <PageTitle
        about={
          <>
            {Object.keys(measures).join(", ")} by {by.join(", ")}, of the rows of{" "}
            {pipelines.map((pipeline, at) => (
              <Fragment key={pipeline}>
                {at > 0 && ", "}
                <Anchor underline="always" renderRoot={(props) => <Link to="/rows/$pipeline" params={{ pipeline }} {...props} />}>{pipeline}</Anchor>
              </Fragment>
            ))}
          </>
        }
        actions={
          <Group gap="xs">
            {mayOperate && rebuild.button}
            <DownloadMenu
              title={isFiltered ? "The groups that fit the filter" : "All groups"}
              kinds={[
                { label: "CSV", about: "for any spreadsheet", path: groupsPath(name, "csv", { where, sort }) },
                { label: "NDJSON", about: "for programs: one JSON object a line", path: groupsPath(name, "ndjson", { where, sort }) },
              ]}
            />
          </Group>
        }
      >
        {name}
      </PageTitle>
      <Stack gap="lg">
        {rebuild.result}
        <WhereFilter columns={by} where={where} onWhere={look} />
        {list.isError && <Failed problem={list.error} onRetry={() => void list.refetch()} />}
        {list.isPending && <Skeleton height="40vh" aria-label="Groups are looked up" />}
        {list.isSuccess && groups.length === 0 && (
          <div className="card">
            {isFiltered ? (
              <Nothing title="No group is like that">A value has to be the same to the letter. Take a condition away to see more.</Nothing>
            ) : (
              <Nothing title="There is nothing to sum up yet">
                <Link to="/">Send a file</Link> through {pipelines.join(" or ")}, and its groups are here.
              </Nothing>
            )}
          </div>
        )}
        {groups.length > 0 && (
          <>
            <Chart aggregate={aggregate} where={where} />
            <section aria-labelledby="groups">
              <Title order={2} size="h5" mb="xs" id="groups">
                {list.hasNextPage ? `The first ${counted(groups.length, "group")}` : counted(groups.length, "group")}
              </Title>
              <GroupTable
                aggregate={aggregate}
                groups={groups}
                sort={sort}
                onSort={(next) => void navigate({ search: (before) => ({ ...before, sort: next }) })}
                onCondition={(field, value) => look(withCondition(where, field, value))}
              />
              {list.hasNextPage && (
                <Group justify="center" mt="md">
                  <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    Show more
                  </Button>
                </Group>
              )}
            </section>
          </>
        )}
      </Stack>
    </div>
  );
}

function Chart({ aggregate, where }: { aggregate: Aggregate; where: Where }) {
  const { name, by } = aggregate;
  const measures = Object.keys(aggregate.measures);
  const search = useSearch({ from: "/aggregates/$name" });
  const navigate = useNavigate({ from: "/aggregates/$name" });
  const measure = measures.find((one) => one === search.measure) ?? measures[0] ?? "";
  const largest = useQuery(largestQuery(name, measure, where, BARS));
  const bars = (largest.data ?? []).filter((group) => size(group[measure]) !== null);
  return (
    <section className="card" aria-label="Chart">
      <Group justify="space-between" mb="md" gap="sm">
        <Title order={2} size="h5">
          {bars.length < BARS ? `By ${measure}` : `The ${BARS} largest by ${measure}`}
        </Title>
        {measures.length > 1 && (
          <Select
            aria-label="Measure of the chart"
            size="xs"
            allowDeselect={false}
            data={measures.map((one) => ({ value: one, label: one === aggregate.measures[one] ? one : `${one}: ${aggregate.measures[one]}` }))}
            value={measure}
            onChange={(next) => void navigate({ search: (before) => ({ ...before, measure: next ?? undefined }), replace: true })}
            w={{ base: "100%", xs: 240 }}
          />
        )}
      </Group>
      {largest.isError && <Failed problem={largest.error} onRetry={() => void largest.refetch()} />}
      {largest.isPending && <Skeleton height={200} />}
      {largest.isSuccess && bars.length === 0 && <Text className="soft">{measure} has no numbers to be drawn; the table has its values.</Text>}
      {bars.length > 0 && <GroupBars groups={bars} by={by} measure={measure} />}
    </section>
  );
}
