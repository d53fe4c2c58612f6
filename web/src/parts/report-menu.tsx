// The report of rejected rows as a file, for who would rather correct it in a spreadsheet; and the way back.
import { Button, Menu } from "@mantine/core";
import { Download } from "lucide-react";
import { useState } from "react";
import { download } from "../api/client";
import { reportPath } from "../api/rejects";
import { Failed } from "./states";

const KINDS = [
  { kind: "xlsx", label: "Excel workbook (.xlsx)", about: "the cells at fault are coloured; corrected, it can be sent back" },
  { kind: "csv", label: "CSV", about: "for any spreadsheet; corrected, it can be sent back" },
  { kind: "ndjson", label: "NDJSON", about: "for programs; corrected, it can be sent back" },
] as const;

export function ReportMenu({ jobId, open = false }: { jobId: string; open?: boolean }) {
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const fetchReport = async (kind: (typeof KINDS)[number]["kind"]) => {
    setBusy(true);
    setProblem(null);
    try {
      await download(reportPath(jobId, kind, open));
    } catch (failed) {
      setProblem(failed as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<Download size={16} aria-hidden />} loading={busy}>
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>The rejected rows and why</Menu.Label>
          {KINDS.map(({ kind, label, about }) => (
            <Menu.Item key={kind} onClick={() => void fetchReport(kind)}>
              {label}
              <br />
              <small className="soft">{about}</small>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {problem !== null && <Failed problem={problem} />}
    </>
  );
}
