// Something as a file, in one of several forms.
import { Button, Menu } from "@mantine/core";
import { Download } from "lucide-react";
import { useState } from "react";
import { download } from "../api/client";
import { Failed } from "./states";

export interface DownloadKind {
  label: string;
  about: string;
  path: string;
}

export function DownloadMenu({ title, kinds }: { title: string; kinds: readonly DownloadKind[] }) {
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const fetchOne = async (path: string) => {
    setBusy(true);
    setProblem(null);
    try {
      await download(path);
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
          <Menu.Label>{title}</Menu.Label>
          {kinds.map(({ label, about, path }) => (
            <Menu.Item key={label} onClick={() => void fetchOne(path)}>
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
