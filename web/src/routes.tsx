// The page's own addresses. Each page is a piece of its own, loaded when it is first opened. The server answers these with
// index.html: their first words stand in src/server/routes_web.cpp as well.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { JobStatus } from "./api/client";
import { type Where, whereOf } from "./logic/where";
import { Frame } from "./parts/frame";
import { NotFound } from "./parts/states";

export interface JobsSearch {
  status?: JobStatus;
  pipeline?: string;
  file?: string; // a part of its name
  cursor?: string;
}

export interface RejectsSearch {
  code?: string;
  field?: string;
  all?: boolean; // those that were corrected, too
  from?: number; // the row that the list begins with
}

export interface AuditSearch {
  actor?: string;
  action?: string;
  cursor?: string;
}

export interface RowsSearch {
  where?: Where;
}

export interface GroupsSearch {
  where?: Where;
  sort?: string;
  measure?: string; // of the chart
}

const SPANS = ["hour", "day", "week", "month"] as const;

export interface DashboardSearch {
  span?: (typeof SPANS)[number];
  pipeline?: string;
}

const STATUSES = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"];
const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const upload = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/upload"), "UploadPage"),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  validateSearch: (search: Record<string, unknown>): JobsSearch => ({
    status: STATUSES.includes(search.status as string) ? (search.status as JobStatus) : undefined,
    pipeline: text(search.pipeline),
    file: text(search.file),
    cursor: text(search.cursor),
  }),
  component: lazyRouteComponent(() => import("./pages/jobs"), "JobsPage"),
});

const job = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$id",
  component: lazyRouteComponent(() => import("./pages/job"), "JobPage"),
});

const rejects = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$id/rejects",
  validateSearch: (search: Record<string, unknown>): RejectsSearch => ({
    code: text(search.code),
    field: text(search.field),
    all: search.all === true ? true : undefined,
    from: Number.isSafeInteger(search.from) && (search.from as number) > 1 ? (search.from as number) : undefined,
  }),
  component: lazyRouteComponent(() => import("./pages/rejects"), "RejectsPage"),
});

const pipelines = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  component: lazyRouteComponent(() => import("./pages/pipelines"), "PipelinesPage"),
});

const newPipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/new",
  validateSearch: (search: Record<string, unknown>): { from?: string } => ({ from: text(search.from) }),
  component: lazyRouteComponent(() => import("./pages/new-pipeline"), "NewPipelinePage"),
});

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$name",
  component: lazyRouteComponent(() => import("./pages/pipeline"), "PipelinePage"),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: "/keys",
  component: lazyRouteComponent(() => import("./pages/keys"), "KeysPage"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({ actor: text(search.actor), action: text(search.action), cursor: text(search.cursor) }),
  component: lazyRouteComponent(() => import("./pages/audit"), "AuditPage"),
});

const rows = createRoute({
  getParentRoute: () => root,
  path: "/rows",
  component: lazyRouteComponent(() => import("./pages/rows"), "RowsPage"),
});

const rowsOf = createRoute({
  getParentRoute: () => root,
  path: "/rows/$pipeline",
  validateSearch: (search: Record<string, unknown>): RowsSearch => ({ where: whereOf(search.where) }),
  component: lazyRouteComponent(() => import("./pages/rows-of"), "RowsOfPage"),
});

const aggregates = createRoute({
  getParentRoute: () => root,
  path: "/aggregates",
  component: lazyRouteComponent(() => import("./pages/aggregates"), "AggregatesPage"),
});

const aggregate = createRoute({
  getParentRoute: () => root,
  path: "/aggregates/$name",
  validateSearch: (search: Record<string, unknown>): GroupsSearch => ({
    where: whereOf(search.where),
    sort: text(search.sort),
    measure: text(search.measure),
  }),
  component: lazyRouteComponent(() => import("./pages/aggregate"), "AggregatePage"),
});

const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  component: lazyRouteComponent(() => import("./pages/queue"), "QueuePage"),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboard",
  validateSearch: (search: Record<string, unknown>): DashboardSearch => ({
    span: SPANS.find((span) => span === search.span),
    pipeline: text(search.pipeline),
  }),
  component: lazyRouteComponent(() => import("./pages/dashboard"), "DashboardPage"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = text(search.next);
    // Only within this page: "//elsewhere" is an address of somebody else.
    return { next: next?.startsWith("/") && !next.startsWith("//") ? next : undefined };
  },
  component: lazyRouteComponent(() => import("./pages/sign-in"), "SignInPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([upload, jobs, job, rejects, rows, rowsOf, aggregates, aggregate, pipelines, newPipeline, pipeline, dashboard, queue, keys, audit, signIn]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
