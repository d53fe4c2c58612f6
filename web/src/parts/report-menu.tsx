// The report of rejected rows as a file, for who would rather correct it in a spreadsheet; and the way back.
import { reportPath } from "../api/rejects";
import { DownloadMenu } from "./download-menu";

const KINDS = [
  { kind: "xlsx", label: "Excel workbook (.xlsx)", about: "the cells at fault are coloured; corrected, it can be sent back" },
  { kind: "csv", label: "CSV", about: "for any spreadsheet; corrected, it can be sent back" },
  { kind: "ndjson", label: "NDJSON", about: "for programs; corrected, it can be sent back" },
] as const;

export function ReportMenu({ jobId, open = false }: { jobId: string; open?: boolean }) {
  return <DownloadMenu title="The rejected rows and why" kinds={KINDS.map(({ kind, ...words }) => ({ ...words, path: reportPath(jobId, kind, open) }))} />;
}
