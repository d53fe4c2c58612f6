// The heading of a page, and the title of its window.
import { Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

export function PageTitle({ children, about, actions }: { children: string; about?: ReactNode; actions?: ReactNode }) {
  useEffect(() => {
    document.title = `${children} · Sluice`;
  }, [children]);
  return (
    <Group justify="space-between" align="flex-start" mb="lg" gap="sm">
      <div style={{ minWidth: 0, flex: "1 1 18rem" }}>
        <Title order={1} size="h2" className="wrap">
          {children}
        </Title>
        {about !== undefined && (
          <Text className="soft" component="div" mt={2}>
            {about}
          </Text>
        )}
      </div>
      {actions}
    </Group>
  );
}
