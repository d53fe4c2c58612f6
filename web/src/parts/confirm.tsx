// A question before what cannot be taken back.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Failed } from "./states";

interface Props {
  title: string;
  children: ReactNode;
  yes: string;
  isOpen: boolean;
  isBusy: boolean;
  problem: Error | null;
  onYes: () => void;
  onNo: () => void;
}

export function Confirm({ title, children, yes, isOpen, isBusy, problem, onYes, onNo }: Props) {
  return (
    <Modal opened={isOpen} onClose={onNo} title={<Text fw={650}>{title}</Text>} centered closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        <div>{children}</div>
        {problem !== null && <Failed problem={problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onNo} data-autofocus>
            No, leave it
          </Button>
          <Button color="red" onClick={onYes} loading={isBusy}>
            {yes}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
