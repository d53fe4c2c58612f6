// Where files are dropped, or chosen by a click or a key.
import { Button } from "@mantine/core";
import { type DragEvent, type ReactNode, useRef, useState } from "react";

export function DropZone({ onFiles, children, label = "Choose files" }: { onFiles: (files: File[]) => void; children?: ReactNode; label?: string }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const leave = () => setOver(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    leave();
    // A folder has no bytes of its own, and no type.
    const files = [...event.dataTransfer.items].flatMap((item) => {
      if (item.webkitGetAsEntry()?.isDirectory === true) return [];
      const file = item.getAsFile();
      return file === null ? [] : [file];
    });
    if (files.length > 0) onFiles(files);
  };
  const enter = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <div className="drop" data-over={over} onDragEnter={enter} onDragOver={enter} onDragLeave={leave} onDrop={drop}>
      {children}
      <Button mt="md" onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="files"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = ""; // the same file may be chosen again
          if (files.length > 0) onFiles(files);
        }}
      />
    </div>
  );
}
