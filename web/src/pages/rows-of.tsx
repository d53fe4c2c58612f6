// The stored rows of a pipeline: browsed, filtered, exported, each led back to where it came from.
import { ActionIcon, Group, Select, Skeleton, Stack, Text, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { pipelinesQuery } from "../api/pipelines";
import { fieldsQuery, ROWS_AT_ONCE, rowsPath, type StoredRow, storedRowsQuery } from "../api/rows";
import { counted } from "../logic/format";
import { columnsOf } from "../logic/stored-row";
import { NOWHERE, type Where, withCondition } from "../logic/where";
import { DownloadMenu } from "../parts/download-menu";
import { PageTitle } from "../parts/page-title";
import { RowCards } from "../parts/row-cards";
import { RowGrid } from "../parts/row-grid";
import { RowPanel } from "../parts/row-panel";
import { Failed, Nothing } from "../parts/states";
import { WhereFilter } from "../parts/where-filter";

export function RowsOfPage() {
  const { pipeline } = useParams({ from: "/rows/$pipeline" });
  return <Rows key={pipeline} pipeline={pipeline} />;
}

function Rows({ pipeline }: { pipeline: string }) {
  const { where = NOWHERE } = useSearch({ from: "/rows/$pipeline" });
  const navigate = useNavigate({ from: "/rows/$pipeline" });
  const isRoomy = useMediaQuery("(min-width: 48em)", true, { getInitialValueInEffect: false });
  const pipelines = useQuery(pipelinesQuery);
  const fields = useQuery(fieldsQuery(pipeline));
  const list = useInfiniteQuery(storedRowsQuery(pipeline, where));
  const [open, setOpen] = useState<StoredRow | null>(null);

  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const columns = useColumns(fields.data, rows, where);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);
  const look = (next: Where | undefined) => {
    setOpen(null);
    void navigate({ search: { where: next } });
  };

  const names = [...new Set([...(pipelines.data ?? []).map(({ name }) => name), pipeline])];
  const isFiltered = Object.keys(where).length > 0;
  const isWaiting = list.isPending || fields.isPending;
  const Shown = isRoomy ? RowGrid : RowCards;
  return (
    <div className="page page-wide">
      <PageTitle
        about="The rows that are stored. Each leads back to the file it came from."
        actions={
          <Group gap="xs">
            <Tooltip label="Look again">
              <ActionIcon variant="default" size={36} aria-label="Look again" loading={list.isRefetching && !isFetchingNextPage} onClick={() => void list.refetch()}>
                <RefreshCw size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <DownloadMenu
              title={isFiltered ? "The rows that fit the filter" : "All rows"}
              kinds={[
                { label: "CSV", about: "for any spreadsheet", path: rowsPath(pipeline, "csv", where) },
                { label: "NDJSON", about: "for programs: one object a line", path: rowsPath(pipeline, "ndjson", where) },
              ]}
            />
          </Group>
        }
      >
        {pipeline}
      </PageTitle>
      <Stack gap="md">
        <Group gap="sm" align="flex-start">
          <Select
            label="Pipeline"
            searchable
            allowDeselect={false}
            data={names}
            value={pipeline}
            onChange={(name) => name !== null && void navigate({ to: "/rows/$pipeline", params: { pipeline: name }, search: {} })}
            w={{ base: "100%", xs: 240 }}
          />
          <WhereFilter columns={columns} where={where} onWhere={look} />
        </Group>
        {(list.isError || fields.isError) && (
          <Failed problem={(list.error ?? fields.error) as Error} onRetry={() => void Promise.all([list.refetch(), fields.refetch()])} />
        )}
        {isWaiting && !list.isError && !fields.isError && <Skeleton height="50vh" aria-label="Rows are looked up" />}
        {!isWaiting && !list.isError && rows.length === 0 && (
          <div className="card">
            {isFiltered ? (
              <Nothing title="No row is like that">A value has to be the same to the letter. Take a condition away to see more.</Nothing>
            ) : (
              <Nothing title="No rows are stored yet">
                <Link to="/">Send a file</Link> through this pipeline, and its rows are here.
              </Nothing>
            )}
          </div>
        )}
        {!isWaiting && rows.length > 0 && (
          <>
            <Text size="sm" className="soft" aria-live="polite">
              {howMany(rows.length, hasNextPage, isFiltered)}
            </Text>
            <Shown rows={rows} columns={columns} open={open} hasMore={hasNextPage} onMore={more} onOpen={setOpen} />
          </>
        )}
      </Stack>
      <RowPanel row={open} columns={columns} onClose={() => setOpen(null)} onCondition={(column, value) => look(withCondition(where, column, value))} />
    </div>
  );
}

function howMany(rows: number, hasMore: boolean, isFiltered: boolean): string {
  if (hasMore) return `The first ${counted(rows, "row")}${isFiltered ? " that fit the filter" : ""}; more come as you scroll.`;
  return counted(rows, "row") + (isFiltered ? ` ${rows === 1 ? "fits" : "fit"} the filter` : "");
}

// Of the first page alone, so that columns do not move as further rows come; and those that are filtered by.
function useColumns(fields: readonly string[] | undefined, rows: readonly StoredRow[], where: Where): readonly string[] {
  const found = useMemo(
    () => JSON.stringify([...new Set([...columnsOf(fields ?? [], rows.slice(0, ROWS_AT_ONCE)), ...Object.keys(where)])]),
    [fields, rows, where],
  );
  // The same names are the same list, so that widths that were dragged stay.
  return useMemo(() => JSON.parse(found) as string[], [found]);
}
