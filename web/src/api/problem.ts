// What went wrong with a request. The server's own sentences (RFC 9457) are shown as they are.
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  requestId?: string;
  errors?: { line: number | null; column: number | null; message: string }[];
}

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: ProblemBody["errors"];

  constructor(body: ProblemBody) {
    super(body.detail);
    this.name = "Problem";
    this.status = body.status;
    this.title = body.title;
    this.requestId = body.requestId;
    this.errors = body.errors;
  }
}

export const NO_ANSWER = 0;

export function isProblemBody(value: unknown): value is ProblemBody {
  return typeof value === "object" && value !== null && "detail" in value && "status" in value && "title" in value;
}

// `status`: of the answer. What stands between page and server (a proxy) answers in its own way.
export function problemOf(value: unknown, status: number): Problem {
  if (value instanceof Problem) return value;
  if (isProblemBody(value)) return new Problem(value);
  if (typeof value === "string") {
    try {
      const parsed: unknown = JSON.parse(value);
      if (isProblemBody(parsed)) return new Problem(parsed);
    } catch {
      // It is no JSON: told by its status below.
    }
  }
  if (status === NO_ANSWER) {
    return new Problem({
      type: "about:blank",
      title: "The server does not answer",
      status,
      detail: "The server cannot be reached. Is it running, and is this computer connected to it? The page tries again by itself.",
    });
  }
  return new Problem({
    type: "about:blank",
    title: "Something went wrong",
    status,
    detail: `The request was answered with status ${status}, and nothing was said about why.`,
  });
}

// Worth another try without anybody doing anything.
export function mayPass(problem: unknown): boolean {
  return problem instanceof Problem && (problem.status === NO_ANSWER || problem.status === 429 || problem.status >= 502);
}
