// Which pipeline's rows are looked at.
import { Anchor, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { pipelinesQuery } from "../api/pipelines";
import { ago, time } from "../logic/format";
import { PageTitle } from "../parts/page-title";
import { Failed, Nothing, WaitingLines } from "../parts/states";
import { useNow } from "../parts/use-now";

export function RowsPage() {
  const pipelines = useQuery(pipelinesQuery);
  const now = useNow(60_000);
  return (
    <div className="page">
      <PageTitle about="The rows that are stored, by the pipeline that they came through.">Data</PageTitle>
      {pipelines.isPending && (
        <WaitingLines what="Pipelines are looked up" lines={3} height={58} />
      )}
      {pipelines.isError && <Failed problem={pipelines.error} onRetry={() => void pipelines.refetch()} />}
      {pipelines.data?.length === 0 && (
        <div className="card">
          <Nothing title="There are no pipelines yet">
            <Link to="/">Send a file</Link>, and its rows are here.
          </Nothing>
        </div>
      )}
      {pipelines.data !== undefined && pipelines.data.length > 0 && (
        <Stack gap="xs" component="ul" style={{ listStyle: "none", padding: 0, margin: 0 }}>
          {pipelines.data.map(({ name, inferred, origin, updatedAt }) => (
            <li key={name} className="card" data-pipeline={name}>
              <Anchor fw={550} className="wrap" renderRoot={(props) => <Link to="/rows/$pipeline" params={{ pipeline: name }} {...props} />}>
                {name}
              </Anchor>
              <Text size="sm" className="soft">
                {inferred ? "made from its first file" : origin === "file" ? "from the server's folder of pipelines" : "kept on the server"}
                {updatedAt !== null && (
                  <>
                    , <time dateTime={updatedAt} title={time(updatedAt)}>{ago(updatedAt, now)}</time>
                  </>
                )}
              </Text>
            </li>
          ))}
        </Stack>
      )}
    </div>
  );
}
